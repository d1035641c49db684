"""People and posts for tests; each is committed."""

from datetime import datetime
from itertools import count

from sqlalchemy import update

from flaskblog.database.base import now
from flaskblog.extensions import db
from flaskblog.models import Post, User
from flaskblog.users.changes import sign_up

PASSWORD = "a password for tests"
_numbers = count(1)


def make_user(username: str = "author", email: str = "", password: str = PASSWORD) -> User:
    return sign_up(username, email or f"{username}@example.org", password)


def make_post(
    author: User,
    title: str = "",
    content: str = "Some words.",
    created_at: datetime | None = None,
) -> Post:
    title = title or f"Post number {next(_numbers)}"
    post_id = Post.insert(author.id, title, content, None)
    written_then = update(Post).where(Post.id == post_id).values(created_at=created_at or now())
    db.session.connection().execute(written_then)
    db.session.commit()
    return db.session.get_one(Post, post_id)
