"""The columns, constraints and cascades that all models share."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import (
    delete,
    insert,
    inspect,
    select,
)
from sqlalchemy.exc import IntegrityError, StatementError

from flaskblog.database.base import Base, now
from flaskblog.extensions import db
from flaskblog.models import Post, Session, User
from tests.support.factories import make_post, make_user


@pytest.fixture
def _tokyo_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The machine's own time zone is not UTC."""
    with monkeypatch.context() as environment:
        environment.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize("hours", [-11, 0, 5.5, 14])
@pytest.mark.usefixtures("_tokyo_time")
def test_a_time_is_returned_as_the_same_moment_in_utc(author: User, hours: float) -> None:
    there = timezone(timedelta(hours=hours))
    moment = datetime(2026, 3, 29, 1, 30, 0, 123456, there)
    post = make_post(author, created_at=moment)
    db.session.expire_all()
    assert post.created_at == moment
    assert post.created_at.tzinfo is UTC
    assert db.session.scalars(select(Post).where(Post.created_at == moment)).one() is post
    assert now() > post.created_at


def test_times_of_several_zones_sort_by_moment(author: User) -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    for hours in (9, -9, 0):
        local = (noon + timedelta(minutes=hours)).astimezone(timezone(timedelta(hours=hours)))
        make_post(author, title=f"{hours}", created_at=local)
    titles = db.session.scalars(select(Post.title).order_by(Post.created_at.desc())).all()
    assert titles == ["9", "0", "-9"]


def test_a_naive_time_is_refused(author: User) -> None:
    with pytest.raises(StatementError, match="without a zone"):
        make_post(author, created_at=now().replace(tzinfo=None))
    db.session.rollback()


def test_deleting_a_user_deletes_only_their_posts_and_sessions(author: User) -> None:
    stays = make_post(make_user("reader"))
    make_post(author)
    row, _ = Session.begin(author, lifetime=timedelta(days=1), address="", browser="")
    db.session.add(row)
    db.session.commit()
    db.session.execute(delete(User).where(User.id == author.id))
    db.session.commit()
    assert db.session.scalars(select(Post)).all() == [stays]
    assert db.session.scalars(select(Session)).all() == []


@pytest.mark.parametrize(
    "changed",
    [{"author_id": 10**9}, {"title": "x" * 101}, {"content": "x" * 100_001}, {"title": None}],
    ids=lambda changed: str(*changed),
)
def test_the_database_refuses_an_invalid_post(author: User, changed: dict[str, object]) -> None:
    right = {"author_id": author.id, "title": "T", "content": "c"}
    db.session.execute(insert(Post).values(right))
    with pytest.raises((IntegrityError, StatementError)):
        db.session.execute(insert(Post).values(right | changed))
    db.session.rollback()


@pytest.mark.parametrize(
    ("username", "email"), [("AUTHOR", "other@example.org"), ("other", "Author@Example.ORG")]
)
@pytest.mark.usefixtures("author")
def test_the_database_refuses_a_second_user_with_the_same_name_or_address(
    username: str, email: str
) -> None:
    second = User(password_hash="")
    second.rename(username)
    second.change_email(email)
    db.session.add(second)
    with pytest.raises(IntegrityError):
        db.session.commit()


def test_constraints_and_indexes_follow_the_naming_convention() -> None:
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


def test_an_id_is_never_reused(author: User) -> None:
    first = make_post(author)
    number = first.id
    db.session.delete(first)
    db.session.commit()
    assert make_post(author).id > number
