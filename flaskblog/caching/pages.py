"""Responses to visitors without a session, cached until anything is committed.

A WSGI middleware around Flask. Each request asks the database for the version of its data, which
costs a fraction of making the page and is right for every worker: nothing has to be invalidated.
"""

import re
from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING

from flask import Flask, Response, request

from flaskblog.caching.data_version import DataVersion
from flaskblog.caching.expiry import expires_at, reset_expiry
from flaskblog.caching.lru import BoundedCache
from flaskblog.caching.response import CachedResponse, HeaderList, is_cacheable
from flaskblog.media import pictures

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MAX_BYTES = 8 * 1024 * 1024  # of responses in a process
# Pages depend on no other cookie without a session, and on this one by its few values alone.
COOKIES = re.compile(r"appearance=(?:system|light|dark)-(?:normal|more)")
# Of users/known_browsers.py: read when somebody logs in, and no page depends on it.
IGNORED_COOKIE = re.compile(r"(?:^|; ?)(?:__Host-)?known-browser=[^;]*")
# Of our own lists and files; other queries are not cached.
QUERY = re.compile(r"(?:page=[1-9][0-9]{0,8})?(?:&(?:after|before)=[0-9-]{1,40})?|v=[0-9a-f]{1,64}")
MAX_PATH_LENGTH = 200
# They depend on the moment, or on who asks.
UNCACHED_PATHS = frozenset({"/livez", "/metrics", "/readyz"})
# Its responses have their own ETags, and depend on a token.
UNCACHED_PREFIX = "/api/"
# They depend on files of the program and on settings, which change with a restart.
CONSTANT_PATHS = re.compile(r"/static/.+|/user/[^/]+/initials\.svg|/manifest\.webmanifest")
MEDIA_PREFIX = "/media/"
# Of requests for something else than the whole response.
UNCACHED_HEADERS = (
    "HTTP_AUTHORIZATION",
    "HTTP_IF_MATCH",
    "HTTP_IF_RANGE",
    "HTTP_IF_UNMODIFIED_SINCE",
    "HTTP_ORIGIN",
    "HTTP_RANGE",
)
# Encoding and 304 are decided here; Flask is asked for the plain response.
NEGOTIATION_HEADERS = frozenset(
    {"HTTP_ACCEPT_ENCODING", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE"}
)
# Keys of the WSGI environment.
ENDPOINT = "flaskblog.endpoint"
ONLY_IF_CACHED = "flaskblog.only_if_cached"
# The response to such a request, as RFC 9111 has it for `Cache-Control: only-if-cached`.
NOT_CACHED = "504 NOT CACHED"

Key = tuple[str, ...]


class PageCache:
    """Sends the cached response, or caches Flask's if it is the same for all visitors."""

    def __init__(self, app: Flask, inner: "WSGIApplication", on_hit: Callable[[str], None]) -> None:
        """`on_hit` is called with the endpoint of each page that was found."""
        self._app = app
        self._inner = inner
        self._on_hit = on_hit
        self._data_version: DataVersion = app.extensions["data_version"]
        self.responses: BoundedCache[CachedResponse] = BoundedCache(MAX_BYTES)
        app.after_request(_note_endpoint)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        key = None if self._app.debug else _cache_key(environ)
        # Read before the page is made, so that a commit meanwhile makes the page stale.
        version = self._version(environ["PATH_INFO"]) if key else None
        if key is None or version is None:
            return self._pass_on_request(environ, start_response)
        cached = self.responses.get(key, version)
        if cached is not None:
            self._on_hit(cached.endpoint)
            return cached.send(environ, start_response)
        if ONLY_IF_CACHED in environ:
            return self._pass_on_request(environ, start_response)
        made = self._make(version, environ, start_response)
        if not isinstance(made, CachedResponse):
            return made
        self.responses.put(key, made)
        return made.send(environ, start_response)

    def _pass_on_request(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        if ONLY_IF_CACHED not in environ:
            return self._inner(environ, start_response)
        start_response(NOT_CACHED, [])
        return []

    def _version(self, path: str) -> Hashable | None:
        """Return what must be unchanged for a cached response to be valid; None if unavailable."""
        if CONSTANT_PATHS.fullmatch(path):
            return "constant"
        if path.startswith(MEDIA_PREFIX):
            picture_version = pictures.version(self._app, path.removeprefix(MEDIA_PREFIX))
            if picture_version is not None:
                return picture_version
        return self._data_version.read()

    def _make(
        self, version: Hashable, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> CachedResponse | Iterable[bytes]:
        """Return Flask's response, wrapped if it may be cached."""
        started: list[tuple[str, HeaderList]] = []

        def note(status: str, headers: HeaderList, _: object = None) -> object:
            started.append((status, headers))
            return None

        plain = {name: environ[name] for name in environ.keys() - NEGOTIATION_HEADERS}
        plain["REQUEST_METHOD"] = "GET"
        plain["HTTP_COOKIE"] = _cookie(environ)
        reset_expiry()
        body = self._inner(plain, note)  # type: ignore[arg-type]
        status, headers = started[-1]
        if not is_cacheable(status, headers):
            return _pass_on(body, status, headers, environ, start_response)
        try:
            content = b"".join(body)
        finally:
            _close(body)
        return CachedResponse(version, expires_at(), plain[ENDPOINT], headers, content)


def _note_endpoint(response: Response) -> Response:
    request.environ[ENDPOINT] = request.endpoint or "none"
    return response


def _cache_key(environ: "WSGIEnvironment") -> Key | None:
    """Return all that changes the response, or None if it is not cached."""
    path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
    cookie = _cookie(environ)
    if (
        environ["REQUEST_METHOD"] not in {"GET", "HEAD"}
        or (cookie and not COOKIES.fullmatch(cookie))
        or (query and not QUERY.fullmatch(query))
        or path in UNCACHED_PATHS
        or path.startswith(UNCACHED_PREFIX)
        or len(path) > MAX_PATH_LENGTH
        or any(name in environ for name in UNCACHED_HEADERS)
        or ("HTTP_IF_MODIFIED_SINCE" in environ and "HTTP_IF_NONE_MATCH" not in environ)
        or environ.get("CONTENT_LENGTH", "") not in {"", "0"}
    ):
        return None
    host, prefix = environ.get("HTTP_HOST", ""), environ.get("SCRIPT_NAME", "")
    return path, query, cookie, host, environ["wsgi.url_scheme"], prefix


def _cookie(environ: "WSGIEnvironment") -> str:
    """Return the cookies on which a page may depend."""
    cookie: str = environ.get("HTTP_COOKIE", "")
    return IGNORED_COOKIE.sub("", cookie).lstrip("; ") if cookie else ""


def _pass_on(
    body: Iterable[bytes],
    status: str,
    headers: HeaderList,
    environ: "WSGIEnvironment",
    start_response: "StartResponse",
) -> Iterable[bytes]:
    start_response(status, headers)
    if environ["REQUEST_METHOD"] == "GET":
        return body
    _close(body)
    return []


def _close(body: Iterable[bytes]) -> None:
    if hasattr(body, "close"):
        body.close()
