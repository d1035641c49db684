"""Maintenance mode: every page and the API respond with 503 until it ends.

A row of the database, so that one command reaches all processes and hosts at once: the commit makes
cached pages stale, and all other requests look for the row.
"""

from flask import Flask, current_app, request
from werkzeug.exceptions import ServiceUnavailable

from flaskblog.extensions import db
from flaskblog.models import Setting

KEY = "maintenance"
RETRY_AFTER = 300  # seconds
# For monitoring, and for the style of the page that tells it.
OPEN_ENDPOINTS = {
    "static",
    "style_sheet",
    "main.livez",
    "main.readyz",
    "main.metrics",
    "main.manifest",
}
_QUERY = f"SELECT 1 FROM setting WHERE key = '{KEY}'"  # noqa: S608, no input


class UnderMaintenance(ServiceUnavailable):
    advice = "Nothing has been lost. Come back in a few minutes."


def init_app(app: Flask) -> None:
    app.before_request(_check)


def is_on() -> bool:
    """Ask on the connection that reads the data version: it takes microseconds."""
    return current_app.extensions["data_version"].fetch_one(_QUERY) is not None


def begin() -> None:
    Setting.store(KEY, True)
    db.session.commit()


def end() -> None:
    Setting.remove(KEY)
    db.session.commit()


def _check() -> None:
    if request.endpoint not in OPEN_ENDPOINTS and is_on():
        raise UnderMaintenance("The site is closed for maintenance.", retry_after=RETRY_AFTER)
