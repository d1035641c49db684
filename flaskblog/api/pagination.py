"""Pages of lists, by number or by cursor."""

from contextlib import closing
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
MAX_CONTENT = 2 * 1024**2  # bytes of Markdown and HTML on a page of posts
BATCH = 10  # posts fetched at a time, of which the last ones may not fit


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
    """A page of posts, newest first, and its Link header.

    A page that ends early, at `MAX_CONTENT`, is continued by its cursor, not by the next number.
    """
    if "cursor" in query:
        return _page_after_cursor(rows, total, query)
    number, size = query.get("page", 1), query["per_page"]
    offset = (number - 1) * size
    posts, cursor = _read_fitting(rows.offset(offset), size) if offset < total else ([], None)
    page = {"total": total, "pages": ceil(total / size), "current_page": number}
    links = link_header(page, cursor if len(posts) < size else None)
    return page | {"posts": posts, "next_cursor": cursor}, links


def link_header(page: dict[str, int], cursor: str | None = None) -> str:
    """The Link header (RFC 8288) of a numbered page; a cursor replaces the number of the next."""
    number, last = page["current_page"], max(1, page["pages"])
    numbers = {"first": 1, "last": last}
    if number > 1:
        numbers["prev"] = min(number - 1, last)
    if number < last and not cursor:
        numbers["next"] = number + 1
    links = [_link(relation, page=other) for relation, other in numbers.items()]
    return ", ".join([*links, *_next_link(cursor)])


def _page_after_cursor(
    rows: Select[Post], total: int, query: dict[str, Any]
) -> tuple[dict[str, Any], str]:
    size, place = query["per_page"], query["cursor"]
    posts, cursor = _read_fitting(rows.where(Post.is_before(place.created_at, place.id)), size)
    page = {"total": total, "pages": ceil(total / size), "current_page": None}
    links = ", ".join([_link("first"), *_next_link(cursor)])
    return page | {"posts": posts, "next_cursor": cursor}, links


def _read_fitting(rows: Select[Post], size: int) -> tuple[list[Post], str | None]:
    """The first posts within `size` and `MAX_CONTENT`, at least one, and the cursor behind them."""
    fitting: list[Post] = []
    total = 0
    with closing(
        db.session.scalars(rows.limit(size + 1).execution_options(yield_per=BATCH))
    ) as found:
        for post in found:
            total += len(post.content.encode()) + len(post.content_html.encode())
            if fitting and (len(fitting) == size or total > MAX_CONTENT):
                return fitting, Cursor.of(fitting[-1]).encode()
            fitting.append(post)
    return fitting, None


def _next_link(cursor: str | None) -> list[str]:
    return [_link("next", cursor=cursor)] if cursor else []


def _link(relation: str, **place: int | str) -> str:
    kept = {name: value for name, value in request.args.items() if name in {"author", "per_page"}}
    query = urlencode({**kept, **place})
    return f'<{request.path}{"?" + query if query else ""}>; rel="{relation}"'
