"""The commands `backup` and `restore`."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from flaskblog.extensions import db
from flaskblog.media import pictures
from flaskblog.models import User
from tests.support.backup_site import PICTURE, titles
from tests.support.commands import run_command
from tests.support.factories import make_post


def test_restore_brings_rows_and_pictures_back_after_a_confirmation(
    site: Flask, archive: Path
) -> None:
    made = run_command(site, "backup", str(archive))
    assert made.exit_code == 0, made.output
    assert f"verified: {archive}" in made.output
    assert archive.stat().st_mode & 0o077 == 0
    before = titles()
    db.session.execute(text("DELETE FROM post"))
    db.session.commit()
    pictures.remove(PICTURE)

    asked = run_command(site, "restore", str(archive), typed="n\n")
    assert asked.exit_code == 1
    assert titles() == []
    restored = run_command(site, "restore", str(archive), typed="y\n")
    assert restored.exit_code == 0, restored.output
    assert titles() == before
    assert pictures.store().read(PICTURE) == b"a picture"
    author = db.session.scalars(User.by_username("author")).one()
    assert make_post(author).id > len(before)


def test_neither_backup_nor_restore_looks_like_a_migration_of_the_site(
    site: Flask, archive: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert run_command(site, "backup", str(archive)).exit_code == 0
    assert run_command(site, "restore", "--yes", str(archive)).exit_code == 0
    assert "Running upgrade" not in caplog.text


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
def test_backup_overwrites_no_file(site: Flask, archive: Path) -> None:
    archive.write_text("something of mine")
    assert run_command(site, "backup", str(archive)).exit_code == 1
    assert archive.read_text() == "something of mine"
