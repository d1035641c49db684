"""Lists in pages: by number, or by a cursor that holds its place while others write."""

import re
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any
from urllib.parse import urlencode

from flask import request
from marshmallow import ValidationError, fields, validate
from sqlalchemy import Select

from flaskblog.api.fields import NO_NUL, WholeNumber
from flaskblog.api.schemas import Sent
from flaskblog.extensions import db
from flaskblog.models import Post

PER_PAGE = 20
MOST_PER_PAGE = 100
LAST_PAGE = 10**9
# What matches is a place that a database can look for: up to the year 4253, and 63 bits.
CURSOR = r"00[0-9a-f]{14}[0-7][0-9a-f]{15}"
MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class PageQuery(Sent):
    page = WholeNumber(validate=validate.Range(1, LAST_PAGE), metadata={"default": 1})
    per_page = WholeNumber(load_default=PER_PAGE, validate=validate.Range(1, MOST_PER_PAGE))


class CursorField(fields.String):
    """A place in the list of the newest: microseconds and an id, in hexadecimal."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        cursor = super()._deserialize(value, *args, **kwargs)
        if not re.fullmatch(CURSOR, cursor):
            raise ValidationError("This cursor is not one of ours. Begin without one.")
        return EPOCH + int(cursor[:16], 16) * MICROSECOND, int(cursor[16:], 16)


class PostsQuery(PageQuery):
    author = fields.String(
        validate=validate.Regexp(NO_NUL),
        metadata={"description": "Whose posts: a person's id, or their name in any case."},
    )
    cursor = CursorField(
        metadata={
            "description": "The `next_cursor` of the page before; `page` then counts for nothing.",
            "pattern": f"^{CURSOR}$",
        }
    )


def numbered_page(
    listed: Select[Any], total: int, asked: dict[str, Any]
) -> tuple[dict[str, Any], list[Any]]:
    """Its numbers and its rows. Past the last page, the database is not asked."""
    number, size = asked.get("page", 1), asked["per_page"]
    before = (number - 1) * size
    rows = listed.offset(before).limit(size) if before < total else None
    numbers = {"total": total, "pages": ceil(total / size), "current_page": number}
    return numbers, [] if rows is None else list(db.session.scalars(rows))


def page_of_posts(
    listed: Select[Post], total: int, asked: dict[str, Any]
) -> tuple[dict[str, Any], str]:
    """The page that was asked for, and its Link header."""
    size = asked["per_page"]
    if "cursor" not in asked:
        page, posts = numbered_page(listed, total, asked)
        following = page["current_page"] < page["pages"]
        cursor = _cursor_after(posts[-1]) if posts and following else None
        return page | {"posts": posts, "next_cursor": cursor}, links(page)
    rows = listed.where(Post.after(*asked["cursor"])).limit(size + 1)
    posts = list(db.session.scalars(rows))
    cursor = _cursor_after(posts[size - 1]) if len(posts) > size else None
    page = {"total": total, "pages": ceil(total / size), "current_page": None}
    relations = _link("first") + (f", {_link('next', cursor=cursor)}" if cursor else "")
    return page | {"posts": posts[:size], "next_cursor": cursor}, relations


def links(page: dict[str, int]) -> str:
    """The Link header (RFC 8288) of a numbered page."""
    number, last = page["current_page"], max(1, page["pages"])
    numbers = {"first": 1, "last": last}
    if number > 1:
        numbers["prev"] = min(number - 1, last)
    if number < last:
        numbers["next"] = number + 1
    return ", ".join(_link(relation, page=other) for relation, other in numbers.items())


def _cursor_after(post: Post) -> str:
    return f"{(post.created_at - EPOCH) // MICROSECOND:016x}{post.id:016x}"


def _link(relation: str, **place: int | str) -> str:
    kept = {name: value for name, value in request.args.items() if name in {"author", "per_page"}}
    query = urlencode({**kept, **place})
    return f'<{request.path}{"?" + query if query else ""}>; rel="{relation}"'
