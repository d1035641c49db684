"""The blueprint of the pages of posts."""

from flask import Blueprint

bp = Blueprint("posts", __name__)
