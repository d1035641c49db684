"""The WSGI environment of a request that granian passes by its RSGI interface."""

import sys
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

from granian.rsgi import Scope
from werkzeug.wsgi import FileWrapper

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_CONSTANT: dict[str, Any] = {
    "SCRIPT_NAME": "",
    "SERVER_SOFTWARE": "granian",
    "wsgi.errors": sys.stderr,
    "wsgi.file_wrapper": FileWrapper,
    "wsgi.input_terminated": True,
    "wsgi.multiprocess": True,
    "wsgi.multithread": True,
    "wsgi.run_once": False,
    "wsgi.version": (1, 0),
}
# To look a name up takes a fraction of the time of making it.
_FREQUENT = (
    "accept",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "connection",
    "cookie",
    "host",
    "if-modified-since",
    "if-none-match",
    "origin",
    "referer",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "user-agent",
    "x-forwarded-for",
    "x-forwarded-proto",
)


def _name(header: str) -> str:
    return "HTTP_" + header.upper().replace("-", "_")


_NAMES = {header: _name(header) for header in _FREQUENT}
_NAMES |= {"content-length": "CONTENT_LENGTH", "content-type": "CONTENT_TYPE"}


def environ_of(scope: Scope) -> "WSGIEnvironment":
    """Return the environment of PEP 3333, with an empty body."""
    environ: WSGIEnvironment = _CONSTANT.copy()
    environ["REMOTE_ADDR"], _ = _split_address(scope.client)
    environ["SERVER_NAME"], environ["SERVER_PORT"] = _split_address(scope.server)
    environ["SERVER_PROTOCOL"] = f"HTTP/{scope.http_version}"
    environ["REQUEST_METHOD"] = scope.method
    environ["PATH_INFO"] = _latin_1(scope.path)
    environ["QUERY_STRING"] = _latin_1(scope.query_string)
    environ["wsgi.url_scheme"] = scope.scheme
    environ["wsgi.input"] = BytesIO()
    _add_headers(environ, scope.headers.items())
    if "HTTP_HOST" not in environ:
        environ["HTTP_HOST"] = scope.authority or ""
    return environ


@lru_cache(maxsize=256)
def _split_address(address: str) -> tuple[str, str]:
    """Return the IP address and the port of `192.0.2.1:80` or `[fe80::1%2]:80`."""
    host, _, port = address.rpartition(":")
    if host.startswith("["):
        host = host.strip("[]").partition("%")[0]
    return host, port


def _latin_1(text: str) -> str:
    """Return the bytes of a URL in the form that PEP 3333 asks for.

    granian has put U+FFFD in the place of bytes that are not UTF-8: they stay invalid.
    """
    if text.isascii():
        return text
    return text.encode().replace(b"\xef\xbf\xbd", b"\xff").decode("latin-1")


def _add_headers(environ: "WSGIEnvironment", headers: list[tuple[str, str]]) -> None:
    for header, value in headers:
        name = _NAMES.get(header)
        if name is None:
            if "_" in header:
                continue  # it would pass for the header with a hyphen, such as one of a proxy
            name = _name(header)
        if name not in environ:
            environ[name] = value
        else:
            environ[name] += (";" if name == "HTTP_COOKIE" else ",") + value
