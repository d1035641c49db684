"""`posts_count` is the number of posts that can be read, whatever happens to them in what order."""

from datetime import timedelta

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from flaskblog import worker
from flaskblog.database import now
from flaskblog.extensions import db
from flaskblog.models import Post, User
from flaskblog.models.post import KEPT_AFTER_DELETION
from tests.client import browser
from tests.desk import opened, press
from tests.factories import make_user

DEEDS = ["publish", "twice", "edit", "delete", "restore", "admin", "age", "sweep", "refused"]


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(deeds=st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 3)), max_size=14))
def test_the_count_is_right_after_any_sequence_of_deeds(
    app: Flask, deeds: list[tuple[str, int]]
) -> None:
    people = list(db.session.scalars(select(User).order_by(User.id))) or [
        make_user("boss.person"),
        make_user("writer"),
    ]
    admin, writer = (browser(app) for _ in people)
    admin.log_in(people[0])
    writer.log_in(people[1])
    token = {"csrf_token": writer.token("/post/new")}
    admin_token = {"csrf_token": admin.token("/post/new")}
    for deed, which in deeds:
        ids = db.session.scalars(select(Post.id).order_by(Post.id)).all()
        address = f"/post/{ids[which % len(ids)] if ids else 1}"
        if deed in {"publish", "twice", "refused"}:
            fields = opened(writer)
            title = "" if deed == "refused" else "T"
            for _ in range(2 if deed == "twice" else 1):
                press(writer, "publish", fields, title=title, content="c")
        elif deed == "edit":
            words = {"title": "T", "content": f"{which}", "action": "publish"}
            writer.post(f"{address}/update", data=token | words)
        elif deed == "admin":
            admin.post(f"{address}/delete", data=admin_token)
        elif deed == "age":
            _let_deleted_posts_grow_old()
        elif deed == "sweep":
            db.session.rollback()
            worker.forget_deleted_posts.call_local()
        else:
            writer.post(f"{address}/{deed}", data=token)
        living = select(func.count(Post.id)).where(
            Post.author_id == User.id, Post.deleted_at.is_(None)
        )
        counts = db.session.execute(select(User.posts_count, living.scalar_subquery())).all()
        assert all(kept == real for kept, real in counts), deed


def _let_deleted_posts_grow_old() -> None:
    for post in db.session.scalars(select(Post).where(Post.deleted_at.is_not(None))):
        post.deleted_at = now() - KEPT_AFTER_DELETION - timedelta(minutes=1)
    db.session.commit()
