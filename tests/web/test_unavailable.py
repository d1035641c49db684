"""A database that is full, read-only, out of connections or restarted."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import event, select, text, update
from sqlalchemy.engine.interfaces import DBAPIConnection
from werkzeug.test import TestResponse

from flaskblog.database.base import now
from flaskblog.database.sqlite import BUSY_TIMEOUT
from flaskblog.extensions import db
from flaskblog.models import Post, Session, User
from flaskblog.web import maintenance
from tests.conftest import make_app
from tests.support.client import Client, browser, fields_of, is_own_page, read
from tests.support.factories import make_post, make_user

# A page limit stands for the full disk; only SQLite has one.
only_on_sqlite = pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
only_on_postgresql = pytest.mark.parametrize("empty_url", ["postgresql"], indirect=True)


@pytest.fixture
def site(empty_url: str) -> Iterator[Flask]:
    site = make_app(empty_url)
    with site.app_context():
        upgrade()
        make_post(make_user("author"), title="An old post")
        yield site
        db.session.remove()


@pytest.fixture
def member(site: Flask) -> Client:
    """A member whose next request updates `last_seen_at` of the session."""
    client = browser(site)
    client.log_in(db.session.scalars(select(User)).one())
    db.session.execute(update(Session).values(last_seen_at=now() - timedelta(hours=1)))
    db.session.commit()
    return client


@contextmanager
def on_every_connection(statement: str) -> Iterator[None]:
    """Execute a statement on each new connection; the connections are closed at the end."""

    def begin(connection: DBAPIConnection, *_: object) -> None:
        connection.cursor().execute(statement)
        connection.commit()

    db.engine.dispose()
    event.listen(db.engine, "connect", begin)
    try:
        yield
    finally:
        event.remove(db.engine, "connect", begin)
        db.engine.dispose()


@contextmanager
def read_only_database() -> Iterator[None]:
    read_only = {
        "sqlite": "PRAGMA query_only = ON",
        "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    }
    with on_every_connection(read_only[db.engine.dialect.name]):
        yield


def assert_unavailable(answer: TestResponse) -> None:
    assert answer.status_code == 503
    assert read(answer).select_one("h1")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_read_only_database_serves_reads_and_answers_writes_with_503(member: Client) -> None:
    token = member.token("/post/new")
    with read_only_database():
        assert member.get("/").status_code == 200
        assert member.get("/post/1").status_code == 200
        assert member.get("/account").status_code == 200
        refused = member.post(
            "/post/new", data={"title": "New", "content": "Words.", "csrf_token": token}
        )
        assert_unavailable(refused)
    assert db.session.scalars(select(Post.title)).all() == ["An old post"]
    assert member.submit("/post/new", title="New", content="Words.").status_code == 302


def test_the_503_page_has_the_submitted_form_without_passwords(site: Flask, member: Client) -> None:
    words = "\nA first line.\n\n<b>More</b> & more."
    data = {"title": "A new title", "content": words, "csrf_token": member.token("/post/new")}
    log_in = {"email": "author", "password": "a secret", "csrf_token": browser(site).token()}
    with read_only_database():
        answer = member.post("/post/new", data=data)
        assert_unavailable(answer)
        form = read(answer).select("main form")[0]
        assert "a secret" not in browser(site).post("/login", data=log_in).text
    sent = fields_of(form)
    assert sent["content"].replace("\r\n", "\n") == words
    assert member.post("/post/new", data=sent).status_code == 302
    assert sorted(db.session.scalars(select(Post.title))) == ["A new title", "An old post"]


def test_a_reader_does_not_wait_to_update_last_seen_at(member: Client) -> None:
    with db.engine.begin() as writer:
        writer.execute(update(Session).values(address="192.0.2.7"))
        started = monotonic()
        assert member.get("/account").status_code == 200
        assert monotonic() - started < BUSY_TIMEOUT / 2


def test_a_failed_update_of_last_seen_at_is_logged(
    member: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with read_only_database():
        assert member.get("/account").status_code == 200
    assert "was not updated" in caplog.text


@only_on_sqlite
def test_a_full_disk_leaves_no_partial_write(member: Client) -> None:
    token = member.token("/post/new")
    pages = db.session.execute(text("PRAGMA page_count")).scalar_one()
    db.session.rollback()
    words = {"title": "New", "content": "Many words. " * 8000, "csrf_token": token}
    with on_every_connection(f"PRAGMA max_page_count = {pages}"):
        assert_unavailable(member.post("/post/new", data=words))
        assert member.get("/post/1").status_code == 200
        assert is_own_page(member.get("/"))
    assert db.session.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
    assert db.session.scalars(select(Post.title)).all() == ["An old post"]
    assert db.session.scalars(select(User.posts_count)).all() == [1]
    assert member.post("/post/new", data=words).status_code == 302


@only_on_postgresql
def test_the_next_request_succeeds_after_all_connections_were_closed(
    member: Client, site: Flask
) -> None:
    assert member.get("/").status_code == 200
    _close_connections(site)
    assert member.get("/account").status_code == 200
    assert member.submit("/post/new", title="New", content="Words.").status_code == 302


@only_on_postgresql
def test_maintenance_mode_outlives_all_connections(member: Client, site: Flask) -> None:
    maintenance.begin()
    assert member.get("/account").status_code == 503
    _close_connections(site)
    member.get("/account")  # notices it
    assert member.get("/account").status_code == 503


def test_an_exhausted_connection_pool_is_a_503_with_retry_after(site: Flask) -> None:
    pool = site.config["SQLALCHEMY_ENGINE_OPTIONS"]
    assert pool["pool_size"] + pool["max_overflow"] >= 2 * site.config["THREADS"]
    small = make_app(site.config["SQLALCHEMY_DATABASE_URI"], THREADS="1")
    with small.app_context():
        db.engine.pool._timeout = 0.1  # type: ignore[attr-defined]  # ten seconds otherwise
        held = [db.engine.connect() for _ in range(2 * small.config["THREADS"])]
        assert_unavailable(browser(small).get("/"))
        for connection in held:
            connection.close()
        assert browser(small).get("/").status_code == 200


@only_on_postgresql
def test_a_statement_that_takes_too_long_is_cancelled(site: Flask) -> None:
    with site.app_context():
        assert db.session.execute(text("SHOW statement_timeout")).scalar_one() == "30s"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of three megabytes; mounting it requires root."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    if os.getuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this user may not mount a small file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_really_full_disk_serves_reads_and_leaves_no_partial_write(
    small_disk: Path,
) -> None:
    site = make_app(f"sqlite:///{small_disk / 'site.db'}", MEDIA_FOLDER=str(small_disk / "media"))
    with site.app_context():
        upgrade()
        member = browser(site)
        member.log_in(make_user("author"))
        token = member.token("/post/new")
        words = {"title": "Long", "content": "Many words. " * 8000, "csrf_token": token}
        written = 0
        while (answer := member.post("/post/new", data=words)).status_code == 302:
            written += 1
            assert written < 100
        assert_unavailable(answer)
        assert member.get("/").status_code == 200
        assert member.get("/post/1").status_code == 200
        assert db.session.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
        assert len(db.session.scalars(select(Post)).all()) == written
        assert db.session.scalars(select(User.posts_count)).all() == [written]
        db.session.remove()


def _close_connections(site: Flask) -> None:
    """Close all of the site's connections, on the server's side."""
    other = make_app(site.config["SQLALCHEMY_DATABASE_URI"])
    close = text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with other.app_context():
        assert db.session.execute(close).scalar_one() > 0
