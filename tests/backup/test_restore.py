"""Replacing the database of a stopped site by a backup."""

import sqlite3
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import inspect, select, text

from flaskblog.backup.archive import DATABASE
from flaskblog.database import schema
from flaskblog.extensions import db
from flaskblog.models import Post, User
from tests.support.backup_site import repack, titles
from tests.support.commands import run_command
from tests.support.factories import make_post, make_user


def test_the_previous_database_is_kept(site: Flask, archive: Path) -> None:
    assert run_command(site, "backup", str(archive)).exit_code == 0
    make_post(db.session.scalars(User.by_username("author")).one(), title="Written since")
    message = run_command(site, "restore", "--yes", str(archive)).output.splitlines()[-1]
    assert "Written since" not in titles()
    previous = message.split()[-1]
    if db.engine.dialect.name == "sqlite":
        connection = sqlite3.connect(previous)
        found = [title for (title,) in connection.execute("SELECT title FROM post")]
        connection.close()
    else:
        found = list(db.session.scalars(text(f"SELECT title FROM {previous}.post")))
    assert "Written since" in found


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
def test_a_damaged_database_is_replaced(site: Flask, archive: Path) -> None:
    assert run_command(site, "backup", str(archive)).exit_code == 0
    db.engine.dispose()
    path = Path(str(db.engine.url.database))
    path.write_bytes(b"no database at all" * 1000)
    assert run_command(site, "restore", "--yes", str(archive)).exit_code == 0
    assert len(titles()) == 6


def test_a_running_site_is_not_replaced(site: Flask, archive: Path) -> None:
    assert run_command(site, "backup", str(archive)).exit_code == 0
    other = schema.open_engine(site.config["SQLALCHEMY_DATABASE_URI"])
    with other.connect() as connection:
        connection.execute(select(Post.id))
        refused = run_command(site, "restore", "--yes", str(archive))
    other.dispose()
    assert refused.exit_code == 1
    assert "Error: Nothing was restored. The site is running." in refused.output
    assert len(titles()) == 6


TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
}
# What somebody might add to the database of an archive, and how each is reported.
FOREIGN = {
    """CREATE TRIGGER make_admin AFTER INSERT ON "user"
    BEGIN UPDATE "user" SET is_admin = 1; END""": "the trigger 'make_admin'",
    "CREATE VIEW spying AS SELECT * FROM post": "the view 'spying'",
    "CREATE TABLE unknown (id)": "the table 'unknown'",
    "CREATE INDEX slow ON post (upper(title))": "the index 'slow'",
    "ALTER TABLE post ADD COLUMN rating": "the column 'rating' of post",
    "ALTER TABLE post ADD COLUMN shout AS (upper(title))": "the generated column 'shout' of post",
}


def test_only_rows_are_restored_and_all_else_is_reported(site: Flask, archive: Path) -> None:
    assert run_command(site, "backup", str(archive)).exit_code == 0
    before = definitions()
    repack(archive, DATABASE, add_foreign_parts)
    restored = run_command(site, "restore", "--yes", str(archive))
    assert restored.exit_code == 0, restored.output
    reported = [line for line in restored.output.splitlines() if line.startswith("Ignored: ")]
    assert sorted(reported) == sorted(
        f"Ignored: {part}, which is not Flaskblog's." for part in FOREIGN.values()
    )
    assert definitions() == before
    assert not make_user("newcomer").is_admin


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("statements", "message"),
    [
        (["ALTER TABLE post RENAME TO posts"], "Its table post has no "),
        (["ALTER TABLE post RENAME COLUMN title TO name"], "Its table post has no title"),
        (["UPDATE post SET created_at = 'yesterday'"], "Its rows cannot be read"),
        (["UPDATE post SET title = 'Other'"], "Its rows differ from its manifest: post"),
    ],
)
def test_a_database_without_our_tables_columns_and_rows_is_refused(
    site: Flask, archive: Path, statements: list[str], message: str
) -> None:
    assert run_command(site, "backup", str(archive)).exit_code == 0
    repack(archive, DATABASE, lambda data: changed_database(data, statements))
    refused = run_command(site, "restore", "--yes", str(archive))
    assert refused.exit_code == 1
    [line] = refused.output.splitlines()
    assert message in line
    assert len(titles()) == 6


def add_foreign_parts(data: bytes) -> bytes:
    return changed_database(data, list(FOREIGN))


def changed_database(data: bytes, statements: list[str]) -> bytes:
    connection = sqlite3.connect(":memory:")
    connection.deserialize(data[:18] + bytes([1, 1]) + data[20:])  # without a write-ahead log
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    changed = connection.serialize()
    connection.close()
    return changed


def definitions() -> set[object]:
    """The tables, columns, indexes, views and triggers of the site's database."""
    inspector = inspect(db.engine)
    found: set[object] = {*inspector.get_view_names()}
    own = [name for name in inspector.get_table_names() if not name.startswith("huey_")]
    for table in own:
        found |= {(table, column["name"]) for column in inspector.get_columns(table)}
        found |= {(table, index["name"]) for index in inspector.get_indexes(table)}
    with db.engine.connect() as connection:
        query = TRIGGERS[db.engine.dialect.name]
        return found | {*connection.scalars(text(query))}
