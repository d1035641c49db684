"""A post with the previous and the next one of its author."""

from sqlalchemy import select, tuple_
from sqlalchemy.orm import aliased

from flaskblog.database.prepared import prepared
from flaskblog.models.post import Post
from flaskblog.models.post_lists import Rows, updated_at
from flaskblog.models.user import User


@prepared
def post_with_neighbours(post_id: int) -> Rows:
    """One visible post, with ids and titles of its neighbours."""
    older, newer = aliased(Post), aliased(Post)
    return (
        select(
            Post.id,
            Post.author_id,
            Post.title,
            Post.excerpt,
            Post.reading_minutes,
            Post.content_html,
            Post.created_at,
            Post.edited_at,
            updated_at,
            User.username,
            User.name,
            User.picture,
            User.bio,
            older.id.label("older_id"),
            older.title.label("older_title"),
            newer.id.label("newer_id"),
            newer.title.label("newer_title"),
        )
        .select_from(Post)
        .join(Post.author)
        .outerjoin(older, older.id == _older_id)
        .outerjoin(newer, newer.id == _newer_id)
        .where(Post.id == post_id, Post.deleted_at.is_(None))
    )


_other = aliased(Post)
# Posts of the same time are ordered by id.
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
