"""Replacing the database of a stopped site by a backup."""

import sqlite3
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text

from flaskblog.database import schema
from flaskblog.extensions import db
from flaskblog.models import Post, User
from tests.support.backup_site import titles
from tests.support.commands import run_command
from tests.support.factories import make_post


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
