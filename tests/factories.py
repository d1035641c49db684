"""People and posts for tests; each is committed."""

from datetime import datetime
from itertools import count

from flaskblog.database import now
from flaskblog.extensions import db
from flaskblog.models import Post, User

PASSWORD = "a password for tests"
_numbers = count(1)


def make_user(username: str = "writer", email: str = "", password: str = PASSWORD) -> User:
    user = User.register(username, email or f"{username}@example.org", password)
    db.session.add(user)
    db.session.commit()
    return user


def make_post(
    author: User,
    title: str = "",
    content: str = "Some words.",
    created_at: datetime | None = None,
) -> Post:
    post = Post.publish(author, title or f"Post number {next(_numbers)}", content)
    post.created_at = created_at or now()
    db.session.add(post)
    db.session.commit()
    return post
