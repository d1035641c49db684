"""Checks of every request before its view: host, origin, size, encoding. Each fails with 4xx."""

import gc
import re
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from flask import Flask, abort, current_app, request
from flask.globals import request_ctx
from werkzeug.exceptions import HTTPException
from werkzeug.sansio.utils import host_is_trusted

from flaskblog.media.images import MAX_BYTES
from flaskblog.urls import is_api_path

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# By endpoint, in bytes. Up to here, a picture over its own limit is a form error; beyond, a 413.
MAX_CONTENT_LENGTHS = {"users.account": 2 * MAX_BYTES}
LARGE_FORM = 16 * 1024  # bytes
MAX_URL_LENGTH = 8_000  # RFC 9110, 4.1, asks for this at least
# A link from an e-mail may be damaged in any way: its page explains that better than a 400.
UNCHECKED_URLS = {"users.choose_password"}
# Monitoring addresses a process by its IP address.
ENDPOINTS_BY_IP_ADDRESS = {"main.livez", "main.readyz", "main.metrics"}
# A key of the WSGI environment: the `HTTPException` with which the server refuses a request.
REFUSAL = "flaskblog.refusal"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_PORT = re.compile(r":\d{1,5}\Z")


def init_app(app: Flask) -> None:
    app.before_request(_check_request)
    app.teardown_request(_collect_large_form)


def max_content_length(app: Flask, environ: "WSGIEnvironment") -> int:
    """Return how many bytes the body of a request may have, before the request has a context."""
    try:
        endpoint, _ = app.url_map.bind("localhost").match(
            environ["PATH_INFO"], environ["REQUEST_METHOD"]
        )
    except HTTPException:
        endpoint = ""
    limit: int = MAX_CONTENT_LENGTHS.get(endpoint, app.config["MAX_CONTENT_LENGTH"])
    return limit


def _check_request() -> None:
    _check_host()
    _check_length()
    if REFUSAL in request.environ:
        raise request.environ[REFUSAL]
    _check_origin()
    _set_max_content_length()
    _check_encoding()


def _collect_large_form(_error: BaseException | None) -> None:
    """Free a form and its text, which refer to each other, without waiting for hundreds more."""
    if (request.content_length or 0) > LARGE_FORM:
        gc.collect(0)


def _check_host() -> None:
    if request_ctx.url_adapter is None:
        # The Host header is malformed; the error page still needs its links.
        root = request.script_root or "/"
        request_ctx.url_adapter = current_app.url_map.bind("localhost", script_name=root)
        abort(400)
    if request.scheme not in {"http", "https"}:
        abort(400, "The X-Forwarded-Proto header from the proxy is neither http nor https.")
    name = _PORT.sub("", request.host.lower()).strip("[]")
    is_known = name in current_app.config["SITE_HOSTS"] or (
        request.endpoint in ENDPOINTS_BY_IP_ADDRESS and _is_ip_address(name)
    )
    if not host_is_trusted(request.host) or not is_known:
        abort(400, "Unknown host name.")


def _is_ip_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _check_length() -> None:
    """Python and libraries remember a number of parsed URLs, whatever their length."""
    if len(request.environ["PATH_INFO"]) + len(request.query_string) > MAX_URL_LENGTH:
        abort(414, "The address is too long.")


def _check_origin() -> None:
    """A second defence against CSRF beside the token, as OWASP's cheat sheet recommends.

    The API ignores cookies, so clients of any origin may send it tokens.
    """
    if request.method in SAFE_METHODS or is_api_path(request.path):
        return
    origin = request.headers.get("Origin")
    if request.headers.get("Sec-Fetch-Site") == "cross-site" or (
        origin is not None and origin not in _own_origins()
    ):
        abort(400, "The form was submitted from another site. Open it here and submit it again.")


def _own_origins() -> set[str]:
    site = current_app.config["SITE_URL"]
    own = {site, f"{request.scheme}://{request.host}".lower()}
    if site.startswith("https:"):
        # Seen without TRUSTED_PROXIES; anybody on the network can forge a page over http.
        own.discard(site.replace("https:", "http:", 1))
    return own


def _set_max_content_length() -> None:
    if request.endpoint in MAX_CONTENT_LENGTHS:
        request.max_content_length = MAX_CONTENT_LENGTHS[request.endpoint]


def _check_encoding() -> None:
    if is_api_path(request.path):
        return  # its schemas report errors by field
    try:
        if "\x00" in _decoded_url():
            abort(400, "The address contains a NUL character.")
        _check_body()
    except UnicodeDecodeError:
        abort(400, "The address or the form is not valid UTF-8.")


def _decoded_url() -> str:
    """Return path and query; raise `UnicodeDecodeError` if they are not UTF-8."""
    if request.endpoint in UNCHECKED_URLS:
        return ""
    path: str = request.environ["PATH_INFO"].encode("latin-1").decode()
    return path + unquote_to_bytes(request.query_string).decode()


def _check_body() -> None:
    """Raise `UnicodeDecodeError` if the fields of a form are not UTF-8."""
    if request.mimetype != "application/x-www-form-urlencoded":
        return
    body = request.get_data()
    fields = [text for field in request.form.items(multi=True) for text in field]
    # Werkzeug leaves invalid bytes percent-encoded or drops the whole form.
    if body and (not fields or any("%" in text for text in fields)):
        unquote_to_bytes(body).decode()
