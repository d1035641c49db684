"""Upgrading the databases of older versions, and undoing migrations that fail."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.config import Config
from flask import Flask
from sqlalchemy import select, text

from flaskblog.backup import backups, transfer
from flaskblog.backup.backups import last_verified
from flaskblog.backup.transfer import no_progress
from flaskblog.database import schema
from flaskblog.database.base import Base
from flaskblog.extensions import db, migrate
from flaskblog.models import Post, User
from tests.conftest import make_app
from tests.support.client import browser
from tests.support.commands import run_command
from tests.support.factories import PASSWORD, make_post
from tests.support.filled_site import SURPRISING
from tests.support.old_site import first_revision_site, state

# Made by version 0.1 (commit 2915677): its tests' filled site, a picture for the user "writer",
# and `flask --app run backup`. A row in every table.
PREVIOUS = Path(__file__).with_name("site-of-version-0.1.tar.gz")
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
    """A filled database of the first revision."""
    folders = {name: str(tmp_path / name) for name in ("BACKUP_FOLDER", "MEDIA_FOLDER")}
    with first_revision_site(empty_url, **folders) as site:
        yield site


def test_a_database_of_the_first_revision_is_upgraded_and_keeps_all_posts(old_site: Flask) -> None:
    done = run_command(old_site, "upgrade")
    assert done.exit_code == 0, done.output
    assert last_verified() is not None
    posts = db.session.scalars(select(Post).order_by(Post.id)).all()
    assert [post.title for post in posts] == [f"Post {number}" for number in range(5)]
    assert all(post.content == SURPRISING and post.content_html for post in posts)
    ada = db.session.scalars(User.by_username("ada")).one()
    assert ada.posts_count == 5
    assert make_post(ada).id == 6
    db.session.remove()
    assert run_command(old_site, "upgrade").output == "The database is up to date.\n"


def test_a_site_filled_by_the_previous_version_is_upgraded_and_loses_nothing(
    empty_url: str, tmp_path: Path
) -> None:
    site = make_app(empty_url, MEDIA_FOLDER=str(tmp_path / "media"))
    with site.app_context():
        restored = run_command(site, "restore", "--yes", str(PREVIOUS))
        assert restored.exit_code == 0, restored.output
        assert run_command(site, "upgrade").output == "The database is up to date.\n"
        with backups.verified(PREVIOUS) as backup, db.engine.connect() as connection:
            expected = backup.manifest.snapshot
            found = transfer.read_back(connection, schema.tables(connection), expected, no_progress)
            changed = {*transfer.differences(expected, found)}
            assert changed <= {transfer.VERSION_TABLE, "the revision"}
            assert {*expected.tables} <= {*Base.metadata.tables, transfer.VERSION_TABLE}
            assert all(table.rows for table in expected.tables.values())
            pictures = list(backup.manifest.pictures)
        last_post = expected.counters["post"]

    client = browser(site)
    assert client.submit("/login", email="writer", password=PASSWORD).location == "/"
    assert "Another title" in client.get("/").text
    assert "29 caf\u00e9" in client.get("/post/30").text
    assert "%s :name" in client.get("/drafts").text
    assert [client.get(f"/media/{name}").status_code for name in pictures] == [200]
    sent = client.submit("/post/new", title="Written since", content="Text.", action="publish")
    assert sent.location == f"/post/{last_post + 1}"


@pytest.mark.parametrize("commit", ["", "op.get_bind().commit()"], ids=["plain", "that commits"])
def test_a_failed_migration_changes_nothing(
    old_site: Flask, commit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state(old_site)
    (tmp_path / "broken.py").write_text(BROKEN.format(head=schema.head_revision(), commit=commit))

    def add_broken(config: Config) -> Config:
        versions = f"{config.get_main_option('script_location')}/versions"
        config.set_main_option("version_locations", f"{versions}{os.pathsep}{tmp_path}")
        config.set_main_option("path_separator", "os")
        return config

    monkeypatch.setattr(migrate, "configure_callbacks", [add_broken])
    failed = run_command(old_site, "upgrade")
    assert failed.exit_code == 1
    assert failed.output.splitlines()[-1] == (
        "Error: Nothing was changed. A migration failed: this step is broken"
    )
    assert ("The partly migrated database is kept" in failed.output) is bool(commit)
    monkeypatch.undo()
    assert state(old_site) == before
    assert run_command(old_site, "upgrade").exit_code == 0


def test_a_running_site_is_not_upgraded(old_site: Flask) -> None:
    before = state(old_site)
    with old_site.app_context():
        other = schema.open_engine(old_site.config["SQLALCHEMY_DATABASE_URI"])
    with other.connect() as connection:
        connection.execute(text("SELECT 1 FROM post"))
        refused = run_command(old_site, "upgrade")
    other.dispose()
    assert refused.exit_code == 1
    assert "Nothing was changed. The site is running." in refused.output
    assert state(old_site) == before
