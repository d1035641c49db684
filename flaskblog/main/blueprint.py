"""The blueprint that the routes of the front door hang on."""

from flask import Blueprint

main = Blueprint("main", __name__)
