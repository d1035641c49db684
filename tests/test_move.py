"""A whole site moves from SQLite to PostgreSQL and back, and nothing of it changes."""

import contextvars
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import Engine, create_engine, select, text

from flaskblog import schema, transfer
from flaskblog.extensions import db
from flaskblog.models import Post, User
from tests import databases
from tests.conftest import make_app
from tests.factories import make_post
from tests.filled import dump, filled_site


def move(site: Flask, url: str) -> Result:
    arguments = ["db", "move", "--to", url]
    return contextvars.Context().run(site.test_cli_runner().invoke, args=arguments)


@pytest.fixture
def postgresql() -> Iterator[str]:
    with databases.postgresql() as url:
        yield url


def test_a_move_there_and_back_is_the_same_in_every_byte(postgresql: str, tmp_path: Path) -> None:
    site = filled_site(f"sqlite:///{tmp_path / 'here.db'}")
    there = move(site, postgresql)
    assert there.exit_code == 0, there.output
    assert re.search(r"^post +31 rows (\w+) +31 rows \1$", there.output, re.MULTILINE)
    back = move(make_app(postgresql), f"sqlite:///{tmp_path / 'back.db'}")
    assert back.exit_code == 0, back.output
    assert dump(tmp_path / "back.db") == dump(tmp_path / "here.db")


def test_the_site_goes_on_where_it_was(postgresql: str, tmp_path: Path) -> None:
    site = filled_site(f"sqlite:///{tmp_path / 'here.db'}")
    with site.app_context():
        highest = db.session.execute(text("SELECT seq FROM sqlite_sequence WHERE name = 'post'"))
        last = highest.scalar_one()
    # The three spellings of an address are one.
    assert move(site, postgresql.replace("postgresql+psycopg", "postgres")).exit_code == 0
    moved = make_app(postgresql)
    with moved.app_context():
        writer = db.session.scalars(User.named("writer")).one()
        assert make_post(writer).id == last + 1
        db.session.remove()


def test_an_empty_site_moves_too(postgresql: str, tmp_path: Path) -> None:
    site = filled_site(f"sqlite:///{tmp_path / 'here.db'}")
    with site.app_context():
        db.session.execute(text('DELETE FROM "user"'))
        db.session.commit()
        db.session.remove()
    assert move(site, postgresql).exit_code == 0


def test_a_database_that_holds_something_is_refused_and_left_alone(
    empty_url: str, tmp_path: Path
) -> None:
    site = filled_site(f"sqlite:///{tmp_path / 'here.db'}", posts=2)
    other = filled_site(empty_url, posts=1)
    refused = move(site, empty_url)
    assert refused.exit_code == 1
    assert refused.output.splitlines()[-1] == (
        "Error: Nothing was moved. The other database is not empty."
    )
    with other.app_context():
        assert len(db.session.scalars(select(Post)).all()) == 2
        db.session.remove()


def test_a_difference_is_told_in_one_line_and_leaves_the_other_database_empty(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = filled_site(f"sqlite:///{tmp_path / 'here.db'}", posts=2)
    migrate = schema.migrate

    def migrate_to_what_changes_words(engine: Engine, revision: str) -> None:
        migrate(engine, revision)
        with engine.begin() as connection:
            for statement in SPOILING[engine.dialect.name]:
                connection.exec_driver_sql(statement)

    with monkeypatch.context() as spoiled:
        spoiled.setattr(schema, "migrate", migrate_to_what_changes_words)
        told = move(site, empty_url)
    assert told.exit_code == 1
    assert told.output.splitlines()[-1] == "Error: Nothing was moved. What differs: post."
    engine = create_engine(empty_url)
    with engine.connect() as connection:
        assert transfer.count_rows(connection) == 0
    engine.dispose()


def test_what_is_written_meanwhile_is_not_seen(empty_url: str) -> None:
    site = filled_site(empty_url, posts=2)
    with site.app_context():
        with transfer.snapshot(db.engine) as still:
            before = transfer.count_rows(still)
            make_post(db.session.scalars(User.named("writer")).one())
            assert transfer.count_rows(still) == before
        with transfer.snapshot(db.engine) as after:
            assert transfer.count_rows(after) == before + 1
        db.session.remove()


@pytest.mark.parametrize("url", ["mysql://nowhere/", "postgresql://127.0.0.1:1/none", "nonsense"])
def test_an_address_that_does_not_open_is_told(url: str, tmp_path: Path) -> None:
    site = filled_site(f"sqlite:///{tmp_path / 'here.db'}", posts=0)
    told = move(site, url)
    assert told.exit_code == 1
    assert told.output.splitlines()[0].startswith("Error: ")


SPOILING = {
    "sqlite": [
        "CREATE TRIGGER spoil AFTER INSERT ON post BEGIN"
        " UPDATE post SET title = 'Other' WHERE id = new.id; END"
    ],
    "postgresql": [
        "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN NEW.title := 'Other'; RETURN NEW; END $$",
        "CREATE TRIGGER spoil BEFORE INSERT ON post FOR EACH ROW EXECUTE FUNCTION spoil()",
    ],
}


def test_postgresql_has_looked_at_its_new_tables(postgresql: str, tmp_path: Path) -> None:
    site = filled_site(f"sqlite:///{tmp_path / 'here.db'}")
    assert move(site, postgresql).exit_code == 0
    assert posts_seen(postgresql) == 31
    moved = make_app(postgresql).test_cli_runner()
    arguments = ["demo", "--people", "1", "--posts", "9"]
    assert contextvars.Context().run(moved.invoke, args=arguments).exit_code == 0
    assert posts_seen(postgresql) == 40


def posts_seen(url: str) -> int:
    """How many PostgreSQL plans for, without counting."""
    engine = create_engine(url)
    with engine.connect() as connection:
        planned = text("SELECT reltuples::integer FROM pg_class WHERE oid = 'post'::regclass")
        seen = connection.scalar(planned)
    engine.dispose()
    return int(seen)
