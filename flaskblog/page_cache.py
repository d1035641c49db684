"""Pages for readers without a session, kept until anything is committed to the database.

A WSGI layer in front of Flask. Each request asks the database whether it still is what it was when
the page was made, which costs a fraction of making the page and is true for every worker and at
every moment: there is nothing to invalidate.
"""

import re
from collections.abc import Hashable, Iterable
from contextvars import ContextVar
from time import time
from typing import TYPE_CHECKING

from flask import Flask

from flaskblog.bounded_cache import BoundedCache
from flaskblog.database_state import DatabaseState
from flaskblog.kept_page import KeptPage, is_for_everybody
from flaskblog.metrics import ENDPOINT

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MEMORY = 8 * 1024 * 1024  # bytes of pages that a process keeps
# No page depends on these but by what they say, and they say little.
COOKIES = re.compile(r"appearance=(?:system|light|dark)-(?:normal|more)")
# Of our own lists and files; an address with any other query is answered and not kept.
QUERY = re.compile(r"(?:page=[1-9][0-9]{0,8})?(?:&(?:after|before)=[0-9-]{1,40})?|v=[0-9a-f]{1,64}")
LONGEST_PATH = 200
# They tell of this moment, or not to everybody.
NOT_KEPT = frozenset({"/livez", "/metrics", "/readyz"})
# Their answers have tags of their own, and depend on who asks.
PROGRAMS = "/api/"
# Requests for something else than the page as it is.
SPECIAL = (
    "HTTP_AUTHORIZATION",
    "HTTP_IF_MATCH",
    "HTTP_IF_RANGE",
    "HTTP_IF_UNMODIFIED_SINCE",
    "HTTP_ORIGIN",
    "HTTP_RANGE",
)
# How an answer is sent is decided here; Flask is asked for the page as it is.
_FORM_OF_ANSWER = frozenset(
    {"HTTP_ACCEPT_ENCODING", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE"}
)
NEVER = float("inf")
# Until when the page holds that is being made, in seconds since the epoch.
expires_at: ContextVar[float] = ContextVar("expires_at", default=NEVER)

Key = tuple[str, ...]


class PageCache:
    """Answers what it keeps, and keeps what Flask answers where it is the same for everybody."""

    def __init__(self, app: Flask, inner: "WSGIApplication") -> None:
        self._app = app
        self._inner = inner
        self._state: DatabaseState = app.extensions["database_state"]
        self.pages: BoundedCache[KeptPage] = BoundedCache(MEMORY)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        key = None if self._app.debug else _key(environ)
        # Asked before the page is made: a commit while it is made makes it old.
        state = self._state.read() if key else None
        if key is None or state is None:
            return self._inner(environ, start_response)
        page = self.pages.find(key, state)
        if page is not None:
            self._app.extensions["meter"].count_kept(page.endpoint)
            return page.send(environ, start_response)
        made = self._make(key, state, environ, start_response)
        return made.send(environ, start_response) if isinstance(made, KeptPage) else made

    def _make(
        self,
        key: Key,
        state: Hashable,
        environ: "WSGIEnvironment",
        start_response: "StartResponse",
    ) -> KeptPage | Iterable[bytes]:
        answered: list[tuple[str, list[tuple[str, str]]]] = []

        def note(status: str, headers: list[tuple[str, str]], _: object = None) -> object:
            answered.append((status, headers))
            return None

        whole = {name: environ[name] for name in environ.keys() - _FORM_OF_ANSWER}
        whole["REQUEST_METHOD"] = "GET"
        expires_at.set(NEVER)
        body = self._inner(whole, note)  # type: ignore[arg-type]
        status, headers = answered[-1]
        if not is_for_everybody(status, headers):
            return _pass_on(body, status, headers, environ, start_response)
        try:
            content = b"".join(body)
        finally:
            _close(body)
        page = KeptPage(
            state,
            expires_at.get(),
            whole[ENDPOINT],
            headers,
            content,
        )
        self.pages.keep(key, page)
        return page


def expire_in(seconds: float) -> None:
    """The page being made holds no longer: it tells how long ago something was."""
    expires_at.set(min(expires_at.get(), time() + seconds))


def _key(environ: "WSGIEnvironment") -> Key | None:
    """All that changes an answer; None where it is not for everybody or not worth keeping."""
    path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
    cookie = environ.get("HTTP_COOKIE", "")
    if (
        environ["REQUEST_METHOD"] not in {"GET", "HEAD"}
        or (cookie and not COOKIES.fullmatch(cookie))
        or (query and not QUERY.fullmatch(query))
        or path in NOT_KEPT
        or path.startswith(PROGRAMS)
        or len(path) > LONGEST_PATH
        or any(name in environ for name in SPECIAL)
        or ("HTTP_IF_MODIFIED_SINCE" in environ and "HTTP_IF_NONE_MATCH" not in environ)
        or environ.get("CONTENT_LENGTH", "") not in {"", "0"}
    ):
        return None
    host, prefix = environ.get("HTTP_HOST", ""), environ.get("SCRIPT_NAME", "")
    return path, query, cookie, host, environ["wsgi.url_scheme"], prefix


def _close(body: Iterable[bytes]) -> None:
    if hasattr(body, "close"):
        body.close()


def _pass_on(
    body: Iterable[bytes],
    status: str,
    headers: list[tuple[str, str]],
    environ: "WSGIEnvironment",
    start_response: "StartResponse",
) -> Iterable[bytes]:
    start_response(status, headers)
    if environ["REQUEST_METHOD"] == "GET":
        return body
    _close(body)
    return []
