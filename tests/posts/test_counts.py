"""`posts_count` is the number of visible posts after any sequence of actions."""

from datetime import timedelta

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from flaskblog.database.base import now
from flaskblog.extensions import db
from flaskblog.models import Post, User
from flaskblog.models.post import RESTORABLE
from flaskblog.serving import worker
from tests.support.client import Client, browser
from tests.support.editor import open_editor, press
from tests.support.factories import make_user
from tests.support.jobs import run_job

ACTIONS = ["publish", "twice", "edit", "delete", "restore", "admin", "age", "sweep", "refused"]


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(actions=st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 3)), max_size=14))
def test_the_count_is_right_after_any_sequence_of_actions(
    app: Flask, actions: list[tuple[str, int]]
) -> None:
    users = list(db.session.scalars(select(User).order_by(User.id))) or [
        make_user("boss.person"),
        make_user("author"),
    ]
    admin, author = (browser(app) for _ in users)
    admin.log_in(users[0])
    author.log_in(users[1])
    token = {"csrf_token": author.token("/post/new")}
    admin_token = {"csrf_token": admin.token("/post/new")}
    for action, number in actions:
        ids = db.session.scalars(select(Post.id).order_by(Post.id)).all()
        address = f"/post/{ids[number % len(ids)] if ids else 1}"
        if action in {"publish", "twice", "refused"}:
            _publish(author, action)
        elif action == "edit":
            text = {"title": "T", "content": f"{number}", "action": "publish"}
            author.post(f"{address}/update", data=token | text)
        elif action == "admin":
            admin.post(f"{address}/delete", data=admin_token)
        elif action == "age":
            _expire_deleted_posts()
        elif action == "sweep":
            run_job(app, worker.delete_expired_posts)
        else:
            author.post(f"{address}/{action}", data=token)
        visible = select(func.count(Post.id)).where(
            Post.author_id == User.id, Post.deleted_at.is_(None)
        )
        counts = db.session.execute(select(User.posts_count, visible.scalar_subquery())).all()
        assert all(stored == counted for stored, counted in counts), action


def _publish(author: Client, action: str) -> None:
    fields = open_editor(author)
    title = "" if action == "refused" else "T"
    for _ in range(2 if action == "twice" else 1):
        press(author, "publish", fields, title=title, content="c")


def _expire_deleted_posts() -> None:
    for post in db.session.scalars(select(Post).where(Post.deleted_at.is_not(None))):
        post.deleted_at = now() - RESTORABLE - timedelta(minutes=1)
    db.session.commit()
