"""Eight writers at once: nothing is lost, and nobody is told that the database is locked."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from flask import Flask
from sqlalchemy import func, select, update

from flaskblog.extensions import db
from flaskblog.models import Post, Session, User
from tests.client import browser
from tests.factories import make_post

WRITERS = 8
TIMES = 25


def at_once(work: Callable[[int], int]) -> list[int]:
    """What each writer's work returns, all begun at the same moment."""
    start = Barrier(WRITERS, timeout=10)

    def begin(number: int) -> int:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(begin, range(WRITERS)))


def test_eight_writers_to_one_row_lose_no_change(app: Flask, writer: User) -> None:
    post_id = make_post(writer, content="-").id

    def append(_: int) -> int:
        for _ in range(TIMES):
            with app.app_context():
                db.session.execute(
                    update(Post).where(Post.id == post_id).values(content=Post.content + "x")
                )
                db.session.commit()
        return TIMES

    at_once(append)
    assert db.session.scalars(select(Post.content)).one() == "-" + "x" * WRITERS * TIMES


def test_eight_who_log_in_and_out_at_once_leave_no_session(app: Flask, writer: User) -> None:
    name = writer.username

    def come_and_go(_: int) -> int:
        client = browser(app)
        client.submit("/login", email=name, password="a password for tests")
        return client.submit("/logout").status_code

    assert at_once(come_and_go) == [302] * WRITERS
    assert db.session.scalar(select(func.count(Session.id))) == 0


def test_a_reader_is_not_kept_waiting_by_a_writer(app: Flask, writer: User) -> None:
    make_post(writer)
    Post.publish(db.session.connection(), writer, "Not yet", "words")
    answer = ThreadPoolExecutor(1).submit(browser(app).get, "/").result(timeout=5)
    assert answer.status_code == 200
    assert "Not yet" not in answer.text
