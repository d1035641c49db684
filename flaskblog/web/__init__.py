"""What every request and every response passes: checks, headers, errors, assets."""

from flask import Flask

from flaskblog.urls import IdConverter
from flaskblog.web import (
    appearance,
    assets,
    compression,
    errors,
    headers,
    maintenance,
    request_checks,
)


def init_app(app: Flask) -> None:
    """Must precede the extensions: a malformed request is refused before its CSRF token is read.

    Flask calls the last registered `after_request` function first, so compression comes first
    here: it needs the final headers.
    """
    app.url_map.converters["id"] = IdConverter
    errors.init_app(app)
    request_checks.init_app(app)
    maintenance.init_app(app)
    compression.init_app(app)
    headers.init_app(app)
    appearance.init_app(app)
    assets.init_app(app)
