"""From an older version's database to this one's, and back when that fails."""

import contextvars
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.config import Config
from click.testing import Result
from flask import Flask
from sqlalchemy import Connection, select, text

from flaskblog import schema
from flaskblog.backups import last_verified
from flaskblog.extensions import db, migrate
from flaskblog.models import Post, User
from tests.conftest import make_app
from tests.factories import make_post
from tests.filled import SURPRISING

FIRST = "0001"
WRITTEN_AT = datetime(2025, 1, 2, 3, 4, 5, 678901, UTC)
BROKEN = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999", "{head}", None, None


def upgrade():
    op.execute("DELETE FROM post WHERE id = 1")
    op.add_column("post", sa.Column("broken", sa.Integer()))
    {commit}
    raise RuntimeError("this step is broken")
"""


@pytest.fixture
def old_site(empty_url: str, tmp_path: Path) -> Iterator[Flask]:
    """A filled database as the first version left it."""
    site = make_app(
        empty_url, BACKUP_FOLDER=str(tmp_path / "backups"), MEDIA_FOLDER=str(tmp_path / "media")
    )
    with site.app_context():
        schema.migrate(db.engine, FIRST)
        with db.engine.begin() as connection:
            fill(connection)
        yield site
        db.session.remove()


def fill(connection: Connection) -> None:
    tables = schema.tables(connection)
    for name in ("ada", "bob"):
        values = {
            "username": name,
            "username_key": name,
            "email": f"{name}@example.org",
            "email_key": f"{name}@example.org",
            "password_hash": "x",
            "created_at": WRITTEN_AT,
        }
        connection.execute(tables["user"].insert(), values)
    post = {"author_id": 1, "content": SURPRISING, "created_at": WRITTEN_AT}
    for number in range(5):
        connection.execute(tables["post"].insert(), post | {"title": f"Post {number}"})


def run(site: Flask, *arguments: str) -> Result:
    invoke = site.test_cli_runner().invoke
    return contextvars.Context().run(invoke, args=list(arguments))


def state(site: Flask) -> object:
    with site.app_context(), db.engine.connect() as connection:
        rows = {
            name: [*map(tuple, connection.execute(select(table)))]
            for name, table in schema.tables(connection).items()
        }
        return schema.revision_of(connection), schema.described(connection), rows


def test_the_first_version_becomes_this_one_and_keeps_all(old_site: Flask) -> None:
    done = run(old_site, "upgrade")
    assert done.exit_code == 0, done.output
    assert last_verified() is not None
    posts = db.session.scalars(select(Post).order_by(Post.id)).all()
    assert [post.title for post in posts] == [f"Post {number}" for number in range(5)]
    assert all(post.content == SURPRISING and post.content_html for post in posts)
    ada = db.session.scalars(User.named("ada")).one()
    assert ada.posts_count == 5
    assert make_post(ada).id == 6
    db.session.remove()
    assert run(old_site, "upgrade").output == "The database is up to date.\n"


@pytest.mark.parametrize("commit", ["", "op.get_bind().commit()"], ids=["plain", "that commits"])
def test_a_migration_that_fails_leaves_everything_as_it_was(
    old_site: Flask, commit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state(old_site)
    (tmp_path / "broken.py").write_text(BROKEN.format(head=schema.newest(), commit=commit))

    def add_broken(config: Config) -> Config:
        ours = f"{config.get_main_option('script_location')}/versions"
        config.set_main_option("version_locations", f"{ours}{os.pathsep}{tmp_path}")
        config.set_main_option("path_separator", "os")
        return config

    monkeypatch.setattr(migrate, "configure_callbacks", [add_broken])
    failed = run(old_site, "upgrade")
    assert failed.exit_code == 1
    assert failed.output.splitlines()[-1] == (
        "Error: Nothing was changed, as a migration failed: this step is broken"
    )
    assert ("What the migration left is kept" in failed.output) is bool(commit)
    monkeypatch.undo()
    assert state(old_site) == before
    assert run(old_site, "upgrade").exit_code == 0


def test_a_site_that_runs_is_not_upgraded(old_site: Flask) -> None:
    before = state(old_site)
    with old_site.app_context():
        other = schema.open_engine(old_site.config["SQLALCHEMY_DATABASE_URI"])
    with other.connect() as connection:
        connection.execute(text("SELECT 1 FROM post"))
        refused = run(old_site, "upgrade")
    other.dispose()
    assert refused.exit_code == 1
    assert "Nothing was changed. The site is running." in refused.output
    assert state(old_site) == before
