"""A start that finds a database of an older version."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from flaskblog.database import schema
from flaskblog.extensions import db
from flaskblog.models import Post
from tests.conftest import make_app
from tests.support.old_site import FIRST, fill, state
from tests.support.processes import PROJECT, TIMEOUT, environment, free_port, started

pytestmark = pytest.mark.server

FLASK = [sys.executable, "-m", "flask", "--app", "run"]


@pytest.fixture
def settings(empty_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        "FLASKBLOG_ENV": "test",
        "DATABASE_URL": empty_url,
        "BACKUP_FOLDER": str(tmp_path / "backups"),
        "PORT": str(free_port()),
        "WORKERS": "1",
    }


@pytest.fixture
def site(empty_url: str) -> Flask:
    return make_app(empty_url)


def make_old(site: Flask, fill: Callable[..., None] = fill) -> None:
    with site.app_context():
        schema.migrate(db.engine, FIRST)
        with db.engine.begin() as connection:
            fill(connection)
        db.engine.dispose()


def posts(site: Flask) -> int:
    with site.app_context():
        found = len(db.session.scalars(select(Post)).all())
        db.session.remove()
        db.engine.dispose()
        return found


def made_backups(settings: dict[str, str]) -> list[str]:
    folder = Path(settings["BACKUP_FOLDER"])
    return [path.name for path in folder.iterdir()] if folder.exists() else []


@pytest.mark.parametrize(("options", "made"), [([], 1), (["--no-backup"], 0)])
def test_a_start_backs_data_up_before_it_migrates(
    site: Flask, settings: dict[str, str], tmp_path: Path, options: list[str], made: int
) -> None:
    make_old(site)
    with started([*FLASK, "start", *options], tmp_path / "log", settings) as live:
        live.address()
        assert live.output.count("Backed up and verified: ") == made
    assert len(made_backups(settings)) == made
    assert posts(site) == 5


def test_a_start_that_cannot_make_a_backup_stops_with_one_line(
    site: Flask, settings: dict[str, str], tmp_path: Path
) -> None:
    make_old(site)
    before = state(site)
    with site.app_context():
        db.engine.dispose()
    Path(settings["BACKUP_FOLDER"]).touch()
    with started([*FLASK, "start"], tmp_path / "log", settings) as live:
        assert live.process.wait(TIMEOUT) == 1
        lines = live.output.splitlines()
    assert [line for line in lines if line != "Backing up"] == [
        f"Error: Nothing was changed. [Errno 17] File exists: '{settings['BACKUP_FOLDER']}'"
    ]
    assert state(site) == before


def test_without_data_or_pending_migration_no_backup_is_made(
    site: Flask, settings: dict[str, str], tmp_path: Path
) -> None:
    make_old(site, fill=lambda _connection: None)
    for attempt in ("first", "second"):
        with started([*FLASK, "start"], tmp_path / attempt, settings) as live:
            live.address()
    assert made_backups(settings) == []
    assert posts(site) == 0


def test_of_simultaneous_upgrades_one_migrates_and_the_others_wait(
    site: Flask, settings: dict[str, str], tmp_path: Path
) -> None:
    make_old(site)
    log = tmp_path / "log"
    with log.open("wb") as output:
        upgrades = [
            subprocess.Popen(
                [*FLASK, "upgrade"],
                cwd=PROJECT,
                env=environment() | settings,
                stdout=output,
                stderr=output,
            )
            for _ in range(3)
        ]
        ended = [upgrade.wait(2 * TIMEOUT) for upgrade in upgrades]
    assert ended == [0, 0, 0], log.read_text()
    assert len(made_backups(settings)) == 1
    assert posts(site) == 5


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
def test_the_database_of_a_newer_version_is_left_alone(
    site: Flask, settings: dict[str, str], tmp_path: Path
) -> None:
    make_old(site)
    with site.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with started([*FLASK, "start"], tmp_path / "log", settings) as live:
        assert live.process.wait(TIMEOUT) == 1
        [line] = live.output.splitlines()
    assert "A newer version of Flaskblog has migrated this database" in line
