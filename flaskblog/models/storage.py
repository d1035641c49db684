"""How much text one member can store."""

from typing import Any

from sqlalchemy import Update, func, select, update

from flaskblog.database.octet_length import octet_length
from flaskblog.extensions import db
from flaskblog.models.post import Post
from flaskblog.models.revision import Revision
from flaskblog.models.user import User

MAX_DRAFTS = 200
# Of posts and their revisions. Drafts, of four bytes for each character at most, take up to 77 MiB,
# the ten that were deleted last 4 MiB, and the last post may exceed this by a few: together less
# than 200 MiB.
MAX_STORED_BYTES = 115 * 2**20


def recount(user_id: int) -> None:
    """Set `stored_bytes`, to which writes add without ever subtracting what is deleted."""
    db.session.execute(_recount(user_id), execution_options={"synchronize_session": False})


def _recount(user_id: int) -> Update:
    posts = select(_total(Post.title, Post.content, Post.content_html)).where(
        Post.author_id == user_id
    )
    revisions = (
        select(_total(Revision.title, Revision.content))
        .join(Post, Post.id == Revision.post_id)
        .where(Post.author_id == user_id)
    )
    counted = posts.scalar_subquery() + revisions.scalar_subquery()
    return update(User).where(User.id == user_id).values(stored_bytes=counted)


def _total(*columns: Any) -> Any:
    return func.coalesce(func.sum(sum(map(octet_length, columns))), 0)
