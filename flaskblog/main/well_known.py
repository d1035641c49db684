"""`robots.txt` and the well-known URLs of RFC 8615."""

from datetime import datetime, timedelta

from flask import Response, current_app, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from flaskblog.database.base import now
from flaskblog.main.blueprint import bp
from flaskblog.urls import link_to


@bp.route("/robots.txt")
def robots() -> ResponseReturnValue:
    """The rules for crawlers, and the URL of the sitemap."""
    return _text(render_template("robots.txt", sitemap=link_to("main.sitemap")))


@bp.route("/.well-known/change-password")
def change_password() -> ResponseReturnValue:
    """Redirect password managers to the page that changes a password."""
    return redirect(url_for("users.password"))


@bp.route("/.well-known/security.txt")
def security() -> ResponseReturnValue:
    """Where to report a vulnerability (RFC 9116): the setting, or the page that names admins."""
    return _text(
        render_template(
            "security.txt",
            contact=current_app.config["SECURITY_CONTACT"] or link_to("main.about"),
            expires=_expiry(),
            address=link_to("main.security"),
        )
    )


def _expiry() -> datetime:
    """Two to three months ahead; changes once a month, so that the file can be cached."""
    return (now().replace(day=1, hour=0, minute=0, second=0) + timedelta(days=93)).replace(day=1)


def _text(text: str) -> Response:
    response = Response(text, mimetype="text/plain")
    response.cache_control.max_age = 24 * 60 * 60
    return response
