"""Pages of lists, by number or by cursor."""

from math import ceil
from typing import Any
from urllib.parse import urlencode

from flask import request
from marshmallow import ValidationError, fields, validate
from sqlalchemy import Select

from flaskblog.api.fields import NO_NUL, WholeNumber
from flaskblog.api.schemas import Input
from flaskblog.extensions import db
from flaskblog.models import Post
from flaskblog.pagination import CURSOR_PATTERN, Cursor

PER_PAGE = 20
MAX_PER_PAGE = 100
MAX_PAGE = 10**9


class PageQuery(Input):
    page = WholeNumber(validate=validate.Range(1, MAX_PAGE), metadata={"default": 1})
    per_page = WholeNumber(load_default=PER_PAGE, validate=validate.Range(1, MAX_PER_PAGE))


class CursorField(fields.String):
    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return Cursor.decode(super()._deserialize(value, *args, **kwargs))
        except ValueError:
            raise ValidationError("Invalid cursor. Start again without one.") from None


class PostsQuery(PageQuery):
    author = fields.String(
        validate=validate.Regexp(NO_NUL),
        metadata={"description": "Filter by author: id or username (case-insensitive)."},
    )
    cursor = CursorField(
        metadata={
            "description": "The `next_cursor` of the previous page; `page` is then ignored.",
            "pattern": f"^{CURSOR_PATTERN}$",
        }
    )


def numbered_page(
    rows: Select[Any], total: int, query: dict[str, Any]
) -> tuple[dict[str, Any], list[Any]]:
    """The numbers of a page, and its rows; past the last page, the database is not queried."""
    number, size = query.get("page", 1), query["per_page"]
    offset = (number - 1) * size
    found = db.session.scalars(rows.offset(offset).limit(size)).all() if offset < total else []
    return {"total": total, "pages": ceil(total / size), "current_page": number}, list(found)


def page_of_posts(
    rows: Select[Post], total: int, query: dict[str, Any]
) -> tuple[dict[str, Any], str]:
    """A page of posts, and its Link header."""
    if "cursor" in query:
        return _page_after_cursor(rows, total, query)
    page, posts = numbered_page(rows, total, query)
    has_next = page["current_page"] < page["pages"]
    cursor = Cursor.of(posts[-1]).encode() if posts and has_next else None
    return page | {"posts": posts, "next_cursor": cursor}, link_header(page)


def link_header(page: dict[str, int]) -> str:
    """The Link header (RFC 8288) of a numbered page."""
    number, last = page["current_page"], max(1, page["pages"])
    numbers = {"first": 1, "last": last}
    if number > 1:
        numbers["prev"] = min(number - 1, last)
    if number < last:
        numbers["next"] = number + 1
    return ", ".join(_link(relation, page=other) for relation, other in numbers.items())


def _page_after_cursor(
    rows: Select[Post], total: int, query: dict[str, Any]
) -> tuple[dict[str, Any], str]:
    size, place = query["per_page"], query["cursor"]
    following = rows.where(Post.is_before(place.created_at, place.id)).limit(size + 1)
    posts = list(db.session.scalars(following))
    cursor = Cursor.of(posts[size - 1]).encode() if len(posts) > size else None
    page = {"total": total, "pages": ceil(total / size), "current_page": None}
    links = _link("first") + (f", {_link('next', cursor=cursor)}" if cursor else "")
    return page | {"posts": posts[:size], "next_cursor": cursor}, links


def _link(relation: str, **place: int | str) -> str:
    kept = {name: value for name, value in request.args.items() if name in {"author", "per_page"}}
    query = urlencode({**kept, **place})
    return f'<{request.path}{"?" + query if query else ""}>; rel="{relation}"'
