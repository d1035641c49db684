"""How the database is opened, what it keeps of a time, and what goes with what."""

import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from threading import Timer

import pytest
from sqlalchemy import (
    Engine,
    NullPool,
    create_engine,
    delete,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError

from flaskblog.database import Base, now
from flaskblog.extensions import db
from flaskblog.models import Post, Session, User
from tests.factories import make_post, make_user


@pytest.fixture
def sqlite() -> Engine:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("this run is on PostgreSQL")
    return db.engine


@pytest.mark.parametrize(
    ("name", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 10_000)],
)
def test_sqlite_is_opened_to_lose_nothing_and_to_wait(
    sqlite: Engine, name: str, value: object
) -> None:
    with sqlite.connect() as first, sqlite.connect() as second:
        for connection in (first, second):
            assert connection.execute(text(f"PRAGMA {name}")).scalar() == value


def test_a_new_file_that_another_writes_to_is_waited_for(tmp_path: Path) -> None:
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


def test_a_write_takes_its_lock_at_once_and_a_read_takes_none(sqlite: Engine, writer: User) -> None:
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
            connection.execute(update(User).where(User.id == writer.id).values(username="author"))
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
            assert other.execute('SELECT username FROM "user"').fetchall() == [("writer",)]
        finally:
            other.close()


def test_a_write_goes_on_as_soon_as_another_one_ends(
    sqlite: Engine, writer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = sqlite3.connect(str(sqlite.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            other.execute("ROLLBACK")

    monkeypatch.setattr("time.sleep", sleep)
    renamed = update(User).where(User.id == writer.id).values(username="author")
    with sqlite.begin() as connection:
        connection.execute(renamed)
        waits = connection.connection.cursor().execute("PRAGMA busy_timeout").fetchone()
    other.close()
    assert len(slept) == 3
    assert sum(slept) < 0.01, "a hundredth of a second"
    assert waits == (10_000,), "whatever else waits in SQLite itself is as patient as before"


def test_a_write_that_waits_too_long_is_told_so(
    sqlite: Engine, writer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flaskblog.database.PATIENCE", 0)
    other = sqlite3.connect(str(sqlite.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with sqlite.connect() as connection, pytest.raises(OperationalError, match="locked"):
        connection.execute(update(User).where(User.id == writer.id).values(username="author"))
    sqlite.dispose()  # of the connection without patience
    other.close()


@pytest.fixture
def _in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """On a machine whose own time is not UTC."""
    with monkeypatch.context() as environment:
        environment.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize("hours", [-11, 0, 5.5, 14])
@pytest.mark.usefixtures("_in_tokyo")
def test_a_time_comes_back_as_the_same_moment_in_utc(writer: User, hours: float) -> None:
    there = timezone(timedelta(hours=hours))
    moment = datetime(2026, 3, 29, 1, 30, 0, 123456, there)
    post = make_post(writer, created_at=moment)
    db.session.expire_all()
    assert post.created_at == moment
    assert post.created_at.tzinfo is UTC
    assert db.session.scalars(select(Post).where(Post.created_at == moment)).one() is post
    assert now() > post.created_at


def test_times_of_several_zones_sort_by_moment(writer: User) -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    for hours in (9, -9, 0):
        local = (noon + timedelta(minutes=hours)).astimezone(timezone(timedelta(hours=hours)))
        make_post(writer, title=f"{hours}", created_at=local)
    titles = db.session.scalars(select(Post.title).order_by(Post.created_at.desc())).all()
    assert titles == ["9", "0", "-9"]


def test_a_naive_time_is_refused(writer: User) -> None:
    with pytest.raises(StatementError, match="without a zone"):
        make_post(writer, created_at=now().replace(tzinfo=None))
    db.session.rollback()


def test_with_a_person_go_their_posts_and_sessions_alone(writer: User) -> None:
    stays = make_post(make_user("reader"))
    make_post(writer)
    row, _ = Session.begin(writer, lifetime=timedelta(days=1), address="", browser="")
    db.session.add(row)
    db.session.commit()
    db.session.execute(delete(User).where(User.id == writer.id))
    db.session.commit()
    assert db.session.scalars(select(Post)).all() == [stays]
    assert db.session.scalars(select(Session)).all() == []


@pytest.mark.parametrize(
    "changed",
    [{"author_id": 10**9}, {"title": "x" * 101}, {"content": "x" * 100_001}, {"title": None}],
    ids=lambda changed: str(*changed),
)
def test_the_database_itself_refuses_a_wrong_post(writer: User, changed: dict[str, object]) -> None:
    right = {"author_id": writer.id, "title": "T", "content": "c"}
    db.session.execute(insert(Post).values(right))
    with pytest.raises((IntegrityError, StatementError)):
        db.session.execute(insert(Post).values(right | changed))
    db.session.rollback()


@pytest.mark.parametrize(
    ("username", "email"), [("WRITER", "other@example.org"), ("other", "Writer@Example.ORG")]
)
@pytest.mark.usefixtures("writer")
def test_the_database_itself_keeps_names_and_addresses_apart(username: str, email: str) -> None:
    with pytest.raises(IntegrityError):
        make_user(username, email)
    db.session.rollback()


def test_every_constraint_and_index_is_named_by_the_convention() -> None:
    found = inspect(db.engine)
    for table in Base.metadata.tables:
        assert found.get_pk_constraint(table)["name"] in {f"pk_{table}", None}  # SQLite: None
        for key in found.get_foreign_keys(table):
            assert key["name"] == f"fk_{table}_{'_'.join(key['constrained_columns'])}"
        for unique in found.get_unique_constraints(table):
            assert unique["name"] == f"uq_{table}_{'_'.join(unique['column_names'])}"
        for check in found.get_check_constraints(table):
            assert str(check["name"]).startswith(f"ck_{table}_")
            assert str(check["name"]).count("ck_") == 1
        for index in found.get_indexes(table):
            assert str(index["name"]).startswith((f"ix_{table}_", f"uq_{table}_"))


def test_a_number_is_never_given_twice(writer: User) -> None:
    first = make_post(writer)
    number = first.id
    db.session.delete(first)
    db.session.commit()
    assert make_post(writer).id > number
