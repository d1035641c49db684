"""The migrations create the schema of the models, and can be undone."""

import contextvars
import secrets
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import create_engine, inspect, select, text
from sqlalchemy.engine import make_url

from flaskblog.database.base import Base, now
from flaskblog.extensions import db
from flaskblog.models import FormerName, Post, User
from flaskblog.text.markdown import RENDERER_VERSION
from tests.conftest import make_app
from tests.support.factories import make_post, make_user

MANY = 520  # more rows than one batch of a migration
# Rows of the first revision.
MEMBER = (
    'INSERT INTO "user" (id, username, username_key, email, email_key, password_hash, created_at)'
    " VALUES (:id, :name, :name, :name, :name, '', '2026-01-02 03:04:05.000000')"
)
POST = (
    "INSERT INTO post (id, title, content, author_id, created_at)"
    " VALUES (:id, 'T', :content, 1, '2026-01-02 03:04:05.000000')"
)


@pytest.fixture
def empty_app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """An app with an empty database."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        yield make_app(f"sqlite:///{tmp_path / 'empty.db'}")
        return
    name = f"flaskblog_test_{secrets.token_hex(4)}"
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_app(url.set(database=name).render_as_string(hide_password=False))
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


def tables() -> set[str]:
    return {name for name in inspect(db.engine).get_table_names() if not name.startswith("huey_")}


def test_migrating_an_empty_database_gives_the_schema_of_the_models(empty_app: Flask) -> None:
    def run(*args: str) -> Result:
        """In a fresh context, or the command would find the app of the session."""
        return contextvars.Context().run(empty_app.test_cli_runner().invoke, args=args)

    upgraded = run("db", "upgrade")
    assert upgraded.exit_code == 0, upgraded.output
    with empty_app.app_context():
        assert tables() == {*Base.metadata.tables, "alembic_version"}
    checked = run("db", "check")
    assert checked.exit_code == 0, checked.output


def test_migrations_and_create_all_give_the_same_constraints_and_indexes(empty_app: Flask) -> None:
    """`db check` compares neither check constraints nor cascades."""

    def constraints() -> dict[str, object]:
        found = inspect(db.engine)
        return {
            table: (
                sorted(str(check["name"]) for check in found.get_check_constraints(table)),
                sorted(
                    (str(key["name"]), str(key["options"])) for key in found.get_foreign_keys(table)
                ),
                sorted(str(unique["name"]) for unique in found.get_unique_constraints(table)),
                sorted(
                    (str(index["name"]), str(index["column_names"]))
                    for index in found.get_indexes(table)
                ),
            )
            for table in Base.metadata.tables
        }

    with empty_app.app_context():
        upgrade()
        migrated = constraints()
        db.drop_all()
        db.create_all()
        assert migrated == constraints()


def test_all_migrations_can_be_undone_and_repeated(empty_app: Flask) -> None:
    with empty_app.app_context():
        upgrade()
        downgrade(revision="base")
        assert tables() == {"alembic_version"}
        upgrade()
        make_post(make_user())


def test_migrating_twice_changes_nothing(empty_app: Flask) -> None:
    with empty_app.app_context():
        upgrade()
        make_post(make_user(), title="Kept")
        db.session.remove()
        upgrade()
        assert db.session.execute(text("SELECT title FROM post")).scalars().all() == ["Kept"]


def test_posts_of_the_first_revision_are_rendered_and_counted(empty_app: Flask) -> None:
    numbers = range(1, MANY + 1)
    with empty_app.app_context():
        upgrade(revision="0001")
        with db.engine.begin() as connection:
            people = [{"id": 1, "name": "author"}, {"id": 2, "name": "reader"}]
            connection.execute(text(MEMBER), people)
            connection.execute(
                text(POST), [{"id": number, "content": f"*{number}* <b>"} for number in numbers]
            )
        upgrade()
        posts = db.session.scalars(select(Post).order_by(Post.id)).all()
        assert [post.content_html for post in posts] == [
            f"<p><em>{number}</em> &lt;b&gt;</p>\n" for number in numbers
        ]
        assert [post.excerpt for post in posts[:2]] == ["1 <b>", "2 <b>"]
        assert {(post.renderer_version, post.version) for post in posts} == {(RENDERER_VERSION, 1)}
        counts = db.session.execute(select(User.username, User.posts_count).order_by(User.id))
        assert [tuple(row) for row in counts] == [("author", MANY), ("reader", 0)]


def test_the_reading_time_of_existing_posts_is_counted(empty_app: Flask) -> None:
    with empty_app.app_context():
        upgrade(revision="0001")
        with db.engine.begin() as connection:
            connection.execute(text(MEMBER), {"id": 1, "name": "author"})
            words = [10] * MANY + [1_000, 10, 2_300]
            connection.execute(
                text(POST),
                [
                    {"id": number, "content": "word " * count}
                    for number, count in enumerate(words, 1)
                ],
            )
        upgrade()
        minutes = db.session.scalars(select(Post.reading_minutes).order_by(Post.id)).all()
        assert minutes == [1] * MANY + [4, 1, 10]


def test_former_names_are_reserved_for_a_year_from_the_migration(empty_app: Flask) -> None:
    with empty_app.app_context():
        upgrade(revision="0006")
        with db.engine.begin() as connection:
            connection.execute(
                text(
                    'INSERT INTO "user" (id, username, username_key, email, email_key,'
                    " password_hash, created_at)"
                    " VALUES (1, 'a', 'a', 'a', 'a', '', '2026-01-02 03:04:05.000000')"
                )
            )
            connection.execute(text("INSERT INTO former_name VALUES ('before', 1)"))
        upgrade()
        name = db.session.scalars(select(FormerName)).one()
        assert (name.username_key, name.user_id) == ("before", 1)
        assert timedelta(days=364) < name.reserved_until - now() <= timedelta(days=365)
