"""Browsers in which a member has logged in before: strangers' failed log-ins do not slow them.

A signed cookie names the browser by a random id, and up to five accounts by keyed digests.
"""

import hmac
from datetime import timedelta
from secrets import token_hex

from flask import Response, after_this_request, current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

from flaskblog.models import User
from flaskblog.urls import is_api_path

LIFETIME = timedelta(days=365)
MAX_ACCOUNTS = 5
# The page cache ignores a cookie of this name.
COOKIE = "known-browser"


def remember_browser(user: User) -> None:
    """Set the cookie with the response to this request."""
    browser, accounts = _read_cookie()
    newest = _account_digests(user)[0]
    accounts = [newest, *(other for other in accounts if other != newest)][:MAX_ACCOUNTS]
    value = _serializer().dumps([browser or token_hex(16), *accounts])

    @after_this_request
    def set_cookie(response: Response) -> Response:
        response.set_cookie(
            _cookie_name(),
            value,
            max_age=LIFETIME,
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
        return response


def known_browser(user: User) -> str | None:
    """Return the id of the browser, if this member has logged in with it before."""
    if is_api_path(request.path):
        return None  # the API ignores cookies
    browser, accounts = _read_cookie()
    is_known = any(digest in accounts for digest in _account_digests(user))
    return browser if is_known else None


def _read_cookie() -> tuple[str, list[str]]:
    """Return the id and the digests; none for a missing, forged or expired cookie."""
    max_age = int(LIFETIME.total_seconds())
    try:
        browser, *accounts = _serializer().loads(
            request.cookies.get(_cookie_name(), ""), max_age=max_age
        )
    except BadData:
        return "", []
    return browser, accounts


def _account_digests(user: User) -> list[str]:
    """The opaque name of an account, under the current key and each former one."""
    named = f"known browser of {user.id}".encode()
    return [hmac.digest(key.encode(), named, "sha256").hex()[:32] for key in _keys()]


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(_keys()[::-1], salt="known-browser")


def _keys() -> list[str]:
    """The current key first."""
    config = current_app.config
    return [config["SECRET_KEY"], *config["SECRET_KEY_FALLBACKS"]]


def _cookie_name() -> str:
    prefix = "__Host-" if current_app.config["SESSION_COOKIE_SECURE"] else ""
    return prefix + COOKIE
