"""What lists, feeds and sitemaps show of living posts: columns, by statements made once."""

from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, func, select, true, tuple_

from flaskblog.models.post import Post
from flaskblog.models.user import User

Rows = Select[*tuple[Any, ...]]
IN_A_FEED = 10
updated_at = func.coalesce(Post.edited_at, Post.created_at).label("updated_at")
_NEWEST = (Post.created_at.desc(), Post.id.desc())
_OLDEST = (Post.created_at, Post.id)
_HERE = tuple_(*_OLDEST)
_THERE = tuple_(bindparam("time", type_=Post.created_at.type), bindparam("id"))
_size_asked: BindParameter[int] = bindparam("size")


@cache
def listed() -> Rows:
    """In no order."""
    return _in_a_list()


@cache
def listed_of_author() -> Rows:
    """Of one person, whose id is given as `author_id` when it runs."""
    return _in_a_list().where(_of_author())


@lru_cache
def with_total(rows: Rows) -> Rows:
    """The same, and in each row the `total` of all posts there are."""
    return rows.add_columns(User.all_posts().label("total"))


@cache
def total_alone() -> Rows:
    return select(User.all_posts().label("total"))


@cache
def in_feed() -> Rows:
    """The newest, with all they say."""
    return (
        select(Post.id, Post.title, Post.content_html, Post.created_at, updated_at, User.username)
        .join(Post.author)
        .where(Post.deleted_at.is_(None))
        .order_by(*_NEWEST)
        .limit(IN_A_FEED)
    )


@cache
def in_feed_of_author() -> Rows:
    """Of one person, whose id is given as `author_id` when it runs."""
    return in_feed().where(_of_author())


def in_sitemap(first: int, end: int) -> Select[int, datetime]:
    """Ids from `first` to before `end`, and when each post last changed."""
    return (
        select(Post.id, updated_at)
        .where(Post.id >= first, Post.id < end, Post.deleted_at.is_(None))
        .order_by(Post.id)
    )


@lru_cache
def newest(rows: Rows) -> Rows:
    """The first of them, as many as `size` asks for; ties in time are settled by id."""
    return rows.order_by(*_NEWEST).limit(_size_asked)


@lru_cache
def after(rows: Rows) -> Rows:
    """The first behind the place of `time` and `id`."""
    return newest(rows).where(_HERE < _THERE)


@lru_cache
def before(rows: Rows) -> Rows:
    """The last before the place of `time` and `id`, the oldest first."""
    return rows.where(_HERE > _THERE).order_by(*_OLDEST).limit(_size_asked)


@lru_cache
def skipping(rows: Rows) -> Rows:
    """The first behind as many as `skipped` asks for."""
    return _only(rows, _NEWEST)


@lru_cache
def skipping_back(rows: Rows) -> Rows:
    """The same from the other end, the oldest first."""
    return _only(rows, _OLDEST)


def _in_a_list() -> Rows:
    return (
        select(
            Post.id,
            Post.title,
            Post.excerpt,
            Post.created_at,
            Post.edited_at,
            User.username,
            User.picture,
        )
        .join(Post.author)
        .where(Post.deleted_at.is_(None))
    )


def _of_author() -> Any:
    return Post.author_id == bindparam("author_id")


def _only(rows: Rows, order: tuple[Any, Any]) -> Rows:
    """The rows of those ids that are found by counting, without reading what is skipped."""
    ids = (
        select(Post.id)
        .where(true() if rows.whereclause is None else rows.whereclause)
        .order_by(*order)
        .limit(_size_asked)
        .offset(bindparam("skipped"))
        .subquery()
    )
    return rows.join(ids, ids.c.id == Post.id).order_by(*order)
