"""The blueprint that the routes of posts hang on."""

from flask import Blueprint

posts = Blueprint("posts", __name__)
