"""Pages for members: what everybody sees is kept, and only what is theirs is drawn each time.

Known as donut caching: a page is kept with holes in it. Like the visitors' pages, what is kept is
true to the database at every moment, since each request asks whether anything was committed.
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

from flaskblog.addresses import mounted_at
from flaskblog.appearance import Appearance
from flaskblog.bounded_cache import BoundedCache
from flaskblog.database_state import DatabaseState
from flaskblog.page_cache import LONGEST_PATH, NEVER, QUERY, expires_at

MEMORY = 2 * 1024 * 1024  # bytes of such pages that a process keeps
OVERHEAD = 4 * 1024  # bytes beside the text, rounded up
_HOLE = Markup("\x00")  # no text that we store holds it

Macro = Callable[..., Markup]


@dataclass
class Hole:
    macro: Macro
    arguments: tuple[Any, ...]

    def fill(self) -> str:
        return self.macro(*self.arguments)


@dataclass
class SharedPage:
    """The text around the holes, and what each of them is filled with."""

    state: Hashable
    expires_at: float
    texts: list[str]
    holes: list[Hole]

    @property
    def size(self) -> int:
        return 4 * sum(map(len, self.texts)) + OVERHEAD

    def fill(self) -> str:
        parts = [self.texts[0]]
        for hole, text in zip(self.holes, self.texts[1:], strict=True):
            parts += hole.fill(), text
        return "".join(parts)


def init_app(app: Flask) -> None:
    app.extensions["shared_pages"] = BoundedCache[SharedPage](MEMORY)
    app.jinja_env.globals["hole"] = hole


def hole(macro: Macro, *arguments: Any) -> Markup:
    """What a macro draws for this one reader: the only part of a shared page that may ask for them.

    The arguments are kept with the page.
    """
    holes: list[Hole] | None = g.get("holes")
    if holes is None:
        return macro(*arguments)
    holes.append(Hole(macro, arguments))
    return _HOLE


def render_shared(template: str | Template, load: Callable[[], dict[str, Any]]) -> str:
    """A page that is the same for everybody but in its holes; `load` looks up its values.

    Visitors, whose finished page is kept as it is, get it drawn.
    """
    key = _key()
    state_of_database: DatabaseState = current_app.extensions["database_state"]
    # Asked before the page is made: a commit while it is made makes it old.
    state = state_of_database.read() if key else None
    if state is None:
        return render_template(template, **load())
    pages: BoundedCache[SharedPage] = current_app.extensions["shared_pages"]
    page = pages.find(key, state)
    if page is None:
        page = _draw(template, load, state)
        pages.keep(key, page)
    return page.fill()


def _key() -> Hashable:
    """All that changes the page; None for a visitor, and for what is not worth keeping."""
    query = request.query_string.decode("latin-1")
    if (
        not current_user.is_authenticated
        or current_app.debug
        or (query and not QUERY.fullmatch(query))
        or len(request.path) > LONGEST_PATH
    ):
        return None
    return request.path, query, Appearance.chosen(), mounted_at.get()


def _draw(
    template: str | Template, load: Callable[[], dict[str, Any]], state: Hashable
) -> SharedPage:
    with _as_nobody():
        expires_at.set(NEVER)
        text = render_template(template, **load())
        return SharedPage(state, expires_at.get(), text.split(_HOLE), g.holes)


@contextmanager
def _as_nobody() -> Iterator[None]:
    """What is drawn for all must not even be able to ask who reads it.

    There is nobody, and no session: a form's token, which would have to go into one, is an error.
    """
    context = request_ctx._get_current_object()  # type: ignore[attr-defined]
    reader, session, token = g._login_user, context._session, g.pop("csrf_token", None)
    g._login_user, g.holes = AnonymousUserMixin(), []
    context._session = current_app.session_interface.make_null_session(current_app)
    try:
        yield
    finally:
        g._login_user, context._session = reader, session
        if token is not None:
            g.csrf_token = token
        del g.holes
