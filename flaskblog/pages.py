"""Lists in pages."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from flask import abort, current_app, request
from sqlalchemy import func, select

from flaskblog.addresses import row_id
from flaskblog.extensions import db
from flaskblog.models.lists import (
    Rows,
    after,
    before,
    newest,
    skipping,
    skipping_back,
    total_alone,
    with_total,
)

Row = Any
Link = dict[str, str | int]
_PAGE_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_CURSOR = re.compile(r"([0-9]{1,18})-([0-9]{1,19})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass
class Page:
    """Some items of a list, which pages there are, and what leads to the ones beside it."""

    items: Sequence[Row]
    page: int
    pages: int
    total: int
    older: Link | None
    newer: Link | None

    def __iter__(self) -> Iterator[Row]:
        return iter(self.items)


def paginate(rows: Rows, counted: int | None = None) -> Page:
    """The page of a short list that `?page=` asks for; a 404 where there is no such page.

    It is counted, unless somebody keeps the number of its items already.
    """
    number, size = _number(), _size()
    total = _count(rows) if counted is None else counted
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


def read(rows: Rows, values: dict[str, Any]) -> Sequence[Row]:
    """All rows, straight from a connection: a session, which minds objects, takes twice as long."""
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            # Else its server would be told to begin and to end, and asked in between.
            connection.execution_options(isolation_level="AUTOCOMMIT")
        return connection.execute(rows, values).all()


def paginate_posts(rows: Rows, counted: int | None = None, **values: int) -> Page:
    """The page of a long list of posts, newest first; a 404 where there is no such page.

    `rows` is in no order yet and made once, so that its SQL is; `values` go into it. They are all
    posts there are, unless they are `counted`. `?page=` is where a reader is; the cursor that our
    links carry beside it, `after` or `before` a post, is how the database finds it without
    counting. A number typed without one counts in the index alone, from the nearer end.
    """
    number, size = _number(), _size()
    behind, ahead = request.args.get("after"), request.args.get("before")
    told = with_total(rows) if counted is None else rows
    cursors = [cursor for cursor in (behind, ahead) if cursor is not None]
    if len(cursors) == 2 or (cursors and number == 1):
        abort(404)
    if behind is not None:
        found = read(after(told), values | _place(behind) | {"size": size + 1})
        items, has_older = found[:size], len(found) > size
    elif ahead is not None:
        found = read(before(told), values | _place(ahead) | {"size": size})
        items, has_older = found[::-1], True
    elif number == 1:
        items = read(newest(told), values | {"size": size})
        has_older = size < _total(items, counted)
    else:
        if counted is None:
            counted = _total(read(total_alone(), {}), None)
        items = _skipped(rows, (number - 1) * size, counted, values | {"size": size})
        has_older = number * size < counted
    if not items and number > 1:
        abort(404)
    total = _total(items, counted)
    return Page(
        items,
        number,
        max(1, ceil(total / size), number + has_older),
        total,
        older={"page": number + 1, "after": _cursor(items[-1])} if has_older else None,
        newer=_newer(number, items),
    )


def _newer(number: int, items: Sequence[Row]) -> Link | None:
    if number == 1:
        return None
    return {} if number == 2 else {"page": number - 1, "before": _cursor(items[0])}


def _total(items: Sequence[Row], counted: int | None) -> int:
    if counted is None:
        return items[0].total if items else 0
    return counted


def _skipped(rows: Rows, skipped: int, total: int, values: dict[str, Any]) -> Sequence[Row]:
    if skipped >= total:
        return []
    behind = max(0, total - skipped - values["size"])
    if behind < skipped:
        size = min(values["size"], total - skipped)
        return read(skipping_back(rows), values | {"skipped": behind, "size": size})[::-1]
    return read(skipping(rows), values | {"skipped": skipped})


def _count(rows: Rows) -> int:
    return db.session.scalar(select(func.count()).select_from(rows.order_by(None).subquery())) or 0


def _number() -> int:
    number = request.args.get("page", "1")
    if not _PAGE_NUMBER.fullmatch(number):
        abort(404)
    return int(number)


def _size() -> int:
    return int(current_app.config["POSTS_PER_PAGE"])


def _cursor(row: Row) -> str:
    return f"{(row.created_at - _EPOCH) // _MICROSECOND}-{row.id}"


def _place(cursor: str) -> dict[str, Any]:
    match = _CURSOR.fullmatch(cursor)
    if not match:
        abort(404)
    try:
        time = _EPOCH + int(match[1]) * _MICROSECOND
        return {"time": time, "id": row_id(match[2])}
    except (OverflowError, ValueError):
        abort(404)
