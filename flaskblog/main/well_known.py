"""Addresses that machines know beforehand (RFC 8615)."""

from datetime import datetime, timedelta

from flask import Response, current_app, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from flaskblog.database import now
from flaskblog.letters import link_to
from flaskblog.main.blueprint import main


@main.route("/robots.txt")
def robots() -> ResponseReturnValue:
    """What search engines leave out, and where they find the rest."""
    return _text(render_template("robots.txt", sitemap=link_to("main.sitemap")))


@main.route("/.well-known/change-password")
def change_password() -> ResponseReturnValue:
    """Where a password manager sends its owner."""
    return redirect(url_for("users.password"))


@main.route("/.well-known/security.txt")
def security() -> ResponseReturnValue:
    """Whom to tell of a hole (RFC 9116): the setting, or the page that names who runs the site."""
    return _text(
        render_template(
            "security.txt",
            contact=current_app.config["SECURITY_CONTACT"] or link_to("main.about"),
            expires=_expiry(),
            address=link_to("main.security"),
        )
    )


def _expiry() -> datetime:
    """The same for a month, so that caches may keep the file; never a year ahead, as asked."""
    return (now().replace(day=1, hour=0, minute=0, second=0) + timedelta(days=93)).replace(day=1)


def _text(text: str) -> Response:
    response = Response(text, mimetype="text/plain")
    response.cache_control.max_age = 24 * 60 * 60
    return response
