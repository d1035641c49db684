"""Pages for members: the shared text is cached, and only per-reader fragments are rendered.

Also known as donut caching. As with visitors' pages, a cached page is valid until anything is
committed.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, g, render_template, request
from flask.globals import request_ctx
from flask_login import AnonymousUserMixin, current_user
from jinja2 import Template
from markupsafe import Markup

from flaskblog.caching.data_version import DataVersion
from flaskblog.caching.expiry import expires_at, reset_expiry
from flaskblog.caching.lru import BoundedCache
from flaskblog.caching.pages import MAX_PATH_LENGTH, QUERY
from flaskblog.web.appearance import Appearance

MAX_BYTES = 2 * 1024 * 1024  # of such pages in a process
OVERHEAD = 4 * 1024  # bytes of an entry beside the text, rounded up
_MARKER = Markup("\x00")  # stands in the text for a fragment; no stored text contains it

Macro = Callable[..., Markup]


@dataclass
class Fragment:
    macro: Macro
    arguments: tuple[Any, ...]

    def render(self) -> str:
        return self.macro(*self.arguments)


@dataclass
class SharedPage:
    """The text around the fragments, and the fragments."""

    version: Hashable
    expires_at: float
    texts: list[str]
    fragments: list[Fragment]

    @property
    def size(self) -> int:
        return 4 * sum(map(len, self.texts)) + OVERHEAD

    def render(self) -> str:
        parts = [self.texts[0]]
        for fragment, text in zip(self.fragments, self.texts[1:], strict=True):
            parts += fragment.render(), text
        return "".join(parts)


def init_app(app: Flask) -> None:
    app.extensions["shared_pages"] = BoundedCache[SharedPage](MAX_BYTES)
    app.jinja_env.globals["per_reader"] = per_reader


def per_reader(macro: Macro, *arguments: Any) -> Markup:
    """Render a macro anew for each reader: nothing else in a shared page knows `current_user`.

    The arguments are cached with the page.
    """
    fragments: list[Fragment] | None = g.get("fragments")
    if fragments is None:
        return macro(*arguments)
    fragments.append(Fragment(macro, arguments))
    return _MARKER


def render_with_fragments(template: str | Template, load: Callable[[], dict[str, Any]]) -> str:
    """Render a template that is the same for everyone except in `per_reader`.

    `load` queries the template's values. A visitor's page is rendered whole: the page cache keeps
    the response.
    """
    key = _cache_key()
    data_version: DataVersion = current_app.extensions["data_version"]
    # Read before the page is made, so that a commit meanwhile makes the page stale.
    version = data_version.read() if key else None
    if version is None:
        return render_template(template, **load())
    pages: BoundedCache[SharedPage] = current_app.extensions["shared_pages"]
    page = pages.get(key, version)
    if page is None:
        page = _render_shared(template, load, version)
        pages.put(key, page)
    return page.render()


def _cache_key() -> Hashable:
    """Return all that changes the page, or None if it is not cached."""
    query = request.query_string.decode("latin-1")
    if (
        not current_user.is_authenticated
        or current_app.debug
        or (query and not QUERY.fullmatch(query))
        or len(request.path) > MAX_PATH_LENGTH
    ):
        return None
    return request.path, query, Appearance.from_request(), request.script_root


def _render_shared(
    template: str | Template, load: Callable[[], dict[str, Any]], version: Hashable
) -> SharedPage:
    with _anonymous():
        reset_expiry()
        text = render_template(template, **load())
        return SharedPage(version, expires_at(), text.split(_MARKER), g.fragments)


@contextmanager
def _anonymous() -> Iterator[None]:
    """Hide user and session while shared text is rendered.

    The null session makes a form an error: its token would have to be stored there.
    """
    # private API of Flask 3.1 (_session) and Flask-Login 0.6 (_login_user), pinned
    context = request_ctx._get_current_object()  # type: ignore[attr-defined]
    user, session, token = g._login_user, context._session, g.pop("csrf_token", None)
    g._login_user, g.fragments = AnonymousUserMixin(), []
    context._session = current_app.session_interface.make_null_session(current_app)
    try:
        yield
    finally:
        # private API of Flask 3.1 and Flask-Login 0.6, pinned
        g._login_user, context._session = user, session
        if token is not None:
            g.csrf_token = token
        del g.fragments
