"""The blueprint of the front page, feeds and everything else about the site as a whole."""

from flask import Blueprint

bp = Blueprint("main", __name__)
