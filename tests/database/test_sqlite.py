"""SQLite connections and their wait for the write lock."""

import sqlite3
from pathlib import Path
from threading import Timer

import pytest
from sqlalchemy import (
    Engine,
    NullPool,
    create_engine,
    select,
    text,
    update,
)
from sqlalchemy.exc import OperationalError

from flaskblog.extensions import db
from flaskblog.models import User


@pytest.fixture
def sqlite() -> Engine:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("this run is on PostgreSQL")
    return db.engine


@pytest.mark.parametrize(
    ("name", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 10_000)],
)
def test_connections_are_durable_and_wait_for_locks(
    sqlite: Engine, name: str, value: object
) -> None:
    with sqlite.connect() as first, sqlite.connect() as second:
        for connection in (first, second):
            assert connection.execute(text(f"PRAGMA {name}")).scalar() == value


def test_opening_a_new_file_waits_for_its_writer(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    ending = Timer(0.2, other.rollback)
    ending.start()
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    ending.join()
    other.close()


def test_a_write_locks_at_once_and_a_read_does_not(sqlite: Engine, author: User) -> None:
    database = sqlite.url.database
    assert database
    with sqlite.connect() as connection:
        opened = connection.connection.dbapi_connection
        assert isinstance(opened, sqlite3.Connection)
        assert opened.isolation_level == "IMMEDIATE"
        connection.execute(select(User))
        other = sqlite3.connect(database, timeout=0)
        try:
            other.execute("BEGIN IMMEDIATE")
            other.rollback()
            connection.execute(update(User).where(User.id == author.id).values(username="renamed"))
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
            assert other.execute('SELECT username FROM "user"').fetchall() == [("author",)]
        finally:
            other.close()


def test_a_write_continues_soon_after_the_lock_is_free(
    sqlite: Engine, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = sqlite3.connect(str(sqlite.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            other.execute("ROLLBACK")

    monkeypatch.setattr("time.sleep", sleep)
    renamed = update(User).where(User.id == author.id).values(username="renamed")
    with sqlite.begin() as connection:
        connection.execute(renamed)
        waits = connection.connection.cursor().execute("PRAGMA busy_timeout").fetchone()
    other.close()
    assert len(slept) == 3
    assert sum(slept) < 0.01, "a hundredth of a second"
    assert waits == (10_000,), "the busy timeout of other statements is unchanged"


def test_a_write_fails_after_the_busy_timeout(
    sqlite: Engine, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flaskblog.database.sqlite.BUSY_TIMEOUT", 0)
    other = sqlite3.connect(str(sqlite.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with sqlite.connect() as connection, pytest.raises(OperationalError, match="locked"):
        connection.execute(update(User).where(User.id == author.id).values(username="renamed"))
    sqlite.dispose()  # of the connection without a busy timeout
    other.close()
