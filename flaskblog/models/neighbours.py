"""A post between the ones that its author wrote before and after it."""

from functools import cache

from sqlalchemy import Select, bindparam, select, tuple_
from sqlalchemy.orm import aliased

from flaskblog.models.post import Post


@cache
def with_neighbours() -> Select[Post, int | None, str | None, int | None, str | None]:
    """The post that `post_id` names, and the ids and titles of those beside it; made once."""
    older, newer = aliased(Post), aliased(Post)
    return (
        Post.living()
        .add_columns(older.id, older.title, newer.id, newer.title)
        .select_from(Post)
        .outerjoin(older, older.id == _older_id)
        .outerjoin(newer, newer.id == _newer_id)
        .where(Post.id == bindparam("post_id"))
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
