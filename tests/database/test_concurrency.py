"""Eight concurrent writers lose nothing, and none fails because the database is locked."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from flask import Flask
from sqlalchemy import func, select, update

from flaskblog.extensions import db
from flaskblog.models import Post, Session, User
from tests.support.client import browser
from tests.support.factories import make_post

WRITERS = 8
TIMES = 25


def run_concurrently(work: Callable[[int], int]) -> list[int]:
    """Start the work of all writers at the same moment, and return their results."""
    start = Barrier(WRITERS, timeout=10)

    def begin(number: int) -> int:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(begin, range(WRITERS)))


def test_concurrent_updates_of_a_row_are_all_kept(app: Flask, author: User) -> None:
    post_id = make_post(author, content="-").id

    def append(_: int) -> int:
        for _ in range(TIMES):
            with app.app_context():
                db.session.execute(
                    update(Post).where(Post.id == post_id).values(content=Post.content + "x")
                )
                db.session.commit()
        return TIMES

    run_concurrently(append)
    assert db.session.scalars(select(Post.content)).one() == "-" + "x" * WRITERS * TIMES


def test_concurrent_logins_and_logouts_leave_no_session(app: Flask, author: User) -> None:
    name = author.username

    def log_in_and_out(_: int) -> int:
        client = browser(app)
        client.submit("/login", email=name, password="a password for tests")
        return client.submit("/logout").status_code

    assert run_concurrently(log_in_and_out) == [302] * WRITERS
    assert db.session.scalar(select(func.count(Session.id))) == 0


def test_a_reader_does_not_wait_for_a_writer(app: Flask, author: User) -> None:
    make_post(author)
    Post.insert(author.id, "Not yet", "words", None)
    answer = ThreadPoolExecutor(1).submit(browser(app).get, "/").result(timeout=5)
    assert answer.status_code == 200
    assert "Not yet" not in answer.text
