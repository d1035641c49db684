"""The columns of posts that lists, feeds and sitemaps show, by prepared statements."""

from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, func, select, true, tuple_

from flaskblog.database.prepared import prepared
from flaskblog.models.post import Post
from flaskblog.models.user import User

Rows = Select[*tuple[Any, ...]]
FEED_LENGTH = 20
updated_at = func.coalesce(Post.edited_at, Post.created_at).label("updated_at")
_NEWEST = (Post.created_at.desc(), Post.id.desc())
_OLDEST = (Post.created_at, Post.id)
_PLACE = tuple_(*_OLDEST)
_CURSOR = tuple_(bindparam("time", type_=Post.created_at.type), bindparam("id"))
_SIZE: BindParameter[int] = bindparam("size")


@prepared
def listed() -> Rows:
    """All visible posts, in no order."""
    return _listed()


@prepared
def listed_by(author_id: int) -> Rows:
    return _listed().where(Post.author_id == author_id)


@prepared
def posts_total() -> Rows:
    return select(User.posts_total().label("total"))


@prepared
def feed_entries() -> Rows:
    """The newest posts with their text."""
    return _feed_entries()


@prepared
def feed_entries_by(author_id: int) -> Rows:
    return _feed_entries().where(Post.author_id == author_id)


def sitemap_entries(first: int, end: int) -> Select[int, datetime]:
    """Ids from `first` to before `end`, and when each post was last updated."""
    return (
        select(Post.id, updated_at)
        .where(Post.id >= first, Post.id < end, Post.deleted_at.is_(None))
        .order_by(Post.id)
    )


# The statements of a page of a list; each is derived once from the statement of the list.


@lru_cache
def with_total(rows: Rows) -> Rows:
    """With the `total` of all visible posts, and that of all `members`, in each row."""
    return rows.add_columns(
        User.posts_total().label("total"), User.members_total().label("members")
    )


@lru_cache
def newest(rows: Rows) -> Rows:
    """The first `size`; posts of the same time are ordered by id."""
    return rows.order_by(*_NEWEST).limit(_SIZE)


@lru_cache
def oldest(rows: Rows) -> Rows:
    """The last `size`, the oldest first."""
    return rows.order_by(*_OLDEST).limit(_SIZE)


@lru_cache
def after_cursor(rows: Rows) -> Rows:
    """The first `size` behind the place of `time` and `id`."""
    return newest(rows).where(_PLACE < _CURSOR)


@lru_cache
def before_cursor(rows: Rows) -> Rows:
    """The last `size` ahead of the place of `time` and `id`, the oldest first."""
    return oldest(rows).where(_PLACE > _CURSOR)


@lru_cache
def skipping(rows: Rows) -> Rows:
    """The first `size` behind `skipped` posts, which are counted in the index alone."""
    ids = (
        select(Post.id)
        .where(true() if rows.whereclause is None else rows.whereclause)
        .order_by(*_NEWEST)
        .limit(_SIZE)
        .offset(bindparam("skipped"))
        .subquery()
    )
    return rows.join(ids, ids.c.id == Post.id).order_by(*_NEWEST)


def _listed() -> Rows:
    return (
        select(
            Post.id,
            Post.title,
            Post.excerpt,
            Post.reading_minutes,
            Post.created_at,
            Post.edited_at,
            User.username,
            User.name,
            User.picture,
        )
        .join(Post.author)
        .where(Post.deleted_at.is_(None))
    )


def _feed_entries() -> Rows:
    return (
        select(
            Post.id,
            Post.title,
            Post.content_html,
            Post.created_at,
            updated_at,
            User.username,
            User.name,
        )
        .join(Post.author)
        .where(Post.deleted_at.is_(None))
        .order_by(*_NEWEST)
        .limit(FEED_LENGTH)
    )
