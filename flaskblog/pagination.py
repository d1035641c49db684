"""Pages of lists, and the cursor of a position in a list of posts."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any, Self

from flask import abort, current_app, request
from sqlalchemy import func, select

from flaskblog.database.prepared import Query
from flaskblog.extensions import db
from flaskblog.models.post_lists import (
    Rows,
    after_cursor,
    before_cursor,
    newest,
    oldest,
    posts_total,
    skipping,
    with_total,
)

Row = Any
Link = dict[str, str | int]
CURSOR_PATTERN = r"[0-9]{1,17}-[1-9][0-9]{0,17}"
_PAGE_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Cursor:
    """The position of a post in a list, newest first; still valid after the post is deleted."""

    created_at: datetime
    id: int

    @classmethod
    def of(cls, post: Row) -> Self:
        return cls(post.created_at, post.id)

    def encode(self) -> str:
        """Microseconds since the epoch, and the id."""
        return f"{(self.created_at - _EPOCH) // _MICROSECOND}-{self.id}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """Raise `ValueError` for what `encode` never returns."""
        if not re.fullmatch(CURSOR_PATTERN, text, re.ASCII):
            raise ValueError(text)
        microseconds, _, post_id = text.partition("-")
        return cls(_EPOCH + int(microseconds) * _MICROSECOND, int(post_id))


@dataclass
class Page:
    """The items of one page of a list, and the query arguments of the links to its neighbours."""

    items: Sequence[Row]
    page: int
    pages: int
    total: int
    older: Link | None
    newer: Link | None

    def __iter__(self) -> Iterator[Row]:
        return iter(self.items)


def paginate(rows: Rows, total: int | None = None) -> Page:
    """The page `?page=` of a short list; 404 if there is no such page.

    The items are counted, unless the `total` is known.
    """
    number, size = _page_number(), page_size()
    if total is None:
        count = select(func.count()).select_from(rows.order_by(None).subquery())
        total = db.session.scalar(count) or 0
    pages = max(1, ceil(total / size))
    if number > pages:
        abort(404)
    found = db.session.execute(rows.limit(size).offset((number - 1) * size))
    return Page(
        found.scalars().all() if len(rows.column_descriptions) == 1 else found.all(),
        number,
        pages,
        total,
        older={"page": number + 1} if number < pages else None,
        newer={"page": number - 1} if number > 1 else None,
    )


def paginate_posts(listed: Query[Any], total: int | None = None) -> Page:
    """The page of a long list of posts, newest first; 404 if there is no such page.

    `total` is the number of posts in the list; without it, the list is of all visible posts.
    The links of a page carry a cursor beside the number, `after` or `before` a post, by which the
    database finds their page without counting. A number without a cursor skips the posts before
    it, unless it is the first or the last page.
    """
    number = _page_number()
    items, has_older = _read_page(listed, number, total)
    if not items and number > 1:
        abort(404)
    if total is None:
        total = items[0].total if items else 0
    return Page(
        items,
        number,
        max(1, ceil(total / page_size()), number + has_older),
        total,
        older={"page": number + 1, "after": Cursor.of(items[-1]).encode()} if has_older else None,
        newer=_newer_link(number, items),
    )


def read(query: Query[Any]) -> Sequence[Row]:
    """All rows, without the session, which takes twice as long because it tracks objects."""
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            # Saves the round trips of BEGIN and ROLLBACK.
            connection.execution_options(isolation_level="AUTOCOMMIT")
        return connection.execute(*query).all()


def page_size() -> int:
    return int(current_app.config["POSTS_PER_PAGE"])


def _read_page(listed: Query[Any], number: int, total: int | None) -> tuple[Sequence[Row], bool]:
    """The posts of a page, and whether there are older ones."""
    after, before = _cursor_argument("after"), _cursor_argument("before")
    if (after and before) or (number == 1 and (after or before)):
        abort(404)
    rows, values = listed
    if total is None:
        rows = with_total(rows)
    size = page_size()
    if before:
        place = {"time": before.created_at, "id": before.id, "size": size}
        return read(Query(before_cursor(rows), values | place))[::-1], True
    if after:
        place = {"time": after.created_at, "id": after.id, "size": size + 1}
        found = read(Query(after_cursor(rows), values | place))
    elif number == 1:
        found = read(Query(newest(rows), values | {"size": size + 1}))
    else:
        return _read_numbered_page(Query(rows, values), number, total)
    return found[:size], len(found) > size


def _read_numbered_page(
    listed: Query[Any], number: int, total: int | None
) -> tuple[Sequence[Row], bool]:
    """The posts of a page without a cursor; the last page is read from the end of the list."""
    rows, values = listed
    size = page_size()
    total = read(posts_total())[0].total if total is None else total
    skipped = (number - 1) * size
    if skipped >= total:
        return [], False
    if skipped + size >= total:
        return read(Query(oldest(rows), values | {"size": total - skipped}))[::-1], False
    return read(Query(skipping(rows), values | {"skipped": skipped, "size": size})), True


def _newer_link(number: int, items: Sequence[Row]) -> Link | None:
    if number == 1:
        return None
    return {} if number == 2 else {"page": number - 1, "before": Cursor.of(items[0]).encode()}


def _page_number() -> int:
    number = request.args.get("page", "1")
    if not _PAGE_NUMBER.fullmatch(number):
        abort(404)
    return int(number)


def _cursor_argument(name: str) -> Cursor | None:
    if name not in request.args:
        return None
    try:
        return Cursor.decode(request.args[name])
    except ValueError:
        abort(404)
