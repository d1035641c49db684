"""The blueprint that the routes of people hang on."""

from flask import Blueprint

users = Blueprint("users", __name__)
