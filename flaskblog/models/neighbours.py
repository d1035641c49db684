"""A post between the ones that its author wrote before and after it."""

from functools import cache

from sqlalchemy import bindparam, select, tuple_
from sqlalchemy.orm import aliased

from flaskblog.models.lists import Rows, updated_at
from flaskblog.models.post import Post
from flaskblog.models.user import User


@cache
def with_neighbours() -> Rows:
    """The post that `post_id` names, and the ids and titles of those beside it; made once."""
    older, newer = aliased(Post), aliased(Post)
    return (
        select(
            Post.id,
            Post.author_id,
            Post.title,
            Post.excerpt,
            Post.content_html,
            Post.created_at,
            Post.edited_at,
            updated_at,
            User.username,
            User.picture,
            older.id.label("older_id"),
            older.title.label("older_title"),
            newer.id.label("newer_id"),
            newer.title.label("newer_title"),
        )
        .select_from(Post)
        .join(Post.author)
        .outerjoin(older, older.id == _older_id)
        .outerjoin(newer, newer.id == _newer_id)
        .where(Post.id == bindparam("post_id"), Post.deleted_at.is_(None))
    )


_other = aliased(Post)
# By number where two were written in one moment.
_place, _other_place = tuple_(Post.created_at, Post.id), tuple_(_other.created_at, _other.id)
_by_same_author = (
    select(_other.id)
    .where(_other.author_id == Post.author_id, _other.deleted_at.is_(None))
    .limit(1)
    .correlate(Post)
)
_older_id = (
    _by_same_author.where(_other_place < _place)
    .order_by(_other.created_at.desc(), _other.id.desc())
    .scalar_subquery()
)
_newer_id = (
    _by_same_author.where(_other_place > _place)
    .order_by(_other.created_at, _other.id)
    .scalar_subquery()
)
