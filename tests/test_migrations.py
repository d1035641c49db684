"""The migrations lead from nothing to what the models say, and back."""

import contextvars
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import create_engine, inspect, select, text
from sqlalchemy.engine import make_url

from flaskblog.database import Base
from flaskblog.extensions import db
from flaskblog.markdown import RENDERER_VERSION
from flaskblog.models import Post, User
from tests.conftest import make_app
from tests.factories import make_post, make_user


@pytest.fixture
def empty_app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """An application whose database holds nothing yet."""
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


def test_migrating_from_nothing_gives_what_the_models_say(empty_app: Flask) -> None:
    def run(*args: str) -> Result:
        """In a context of its own, or the command would find the application of the whole run."""
        return contextvars.Context().run(empty_app.test_cli_runner().invoke, args=args)

    upgraded = run("db", "upgrade")
    assert upgraded.exit_code == 0, upgraded.output
    with empty_app.app_context():
        assert tables() == {*Base.metadata.tables, "alembic_version"}
    checked = run("db", "check")
    assert checked.exit_code == 0, checked.output


def test_each_table_is_the_same_however_it_is_made(empty_app: Flask) -> None:
    """`db check` compares neither check constraints nor what goes with a deleted row."""

    def described() -> dict[str, object]:
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
        migrated = described()
        db.drop_all()
        db.create_all()
        assert migrated == described()


def test_the_migrations_lead_back_to_nothing_and_again_forth(empty_app: Flask) -> None:
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
    """With more of them than are rendered in one go."""
    many = 520
    moment = "'2026-01-02 03:04:05.000000'"
    person = (
        'INSERT INTO "user" (id, username, username_key, email, email_key, password_hash,'
        f" created_at) VALUES (:id, :name, :name, :name, :name, '', {moment})"
    )
    post = (
        "INSERT INTO post (id, title, content, author_id, created_at)"
        f" VALUES (:id, 'T', :content, 1, {moment})"
    )
    numbers = range(1, many + 1)
    with empty_app.app_context():
        upgrade(revision="0001")
        with db.engine.begin() as connection:
            people = [{"id": 1, "name": "writer"}, {"id": 2, "name": "reader"}]
            connection.execute(text(person), people)
            connection.execute(
                text(post), [{"id": number, "content": f"*{number}* <b>"} for number in numbers]
            )
        upgrade()
        posts = db.session.scalars(select(Post).order_by(Post.id)).all()
        assert [post.content_html for post in posts] == [
            f"<p><em>{number}</em> &lt;b&gt;</p>\n" for number in numbers
        ]
        assert [post.excerpt for post in posts[:2]] == ["1 <b>", "2 <b>"]
        assert {(post.renderer_version, post.version) for post in posts} == {(RENDERER_VERSION, 1)}
        counts = db.session.execute(select(User.username, User.posts_count).order_by(User.id))
        assert [tuple(row) for row in counts] == [("writer", many), ("reader", 0)]
