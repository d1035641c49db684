"""Upgrades and restores that are killed at each of their steps, as real processes."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, inspect, select

from flaskblog.backup import backups, scratch
from flaskblog.backup.restore import disconnect
from flaskblog.extensions import db
from flaskblog.models import Post
from tests.support.backup_site import titles
from tests.support.commands import run_command
from tests.support.old_site import first_revision_site, state
from tests.support.processes import PROJECT, TIMEOUT, environment, free_port

pytestmark = pytest.mark.server

# `flask` with a function that kills the process before or after it does its work.
KILLED = """
import os, signal, sys
from importlib import import_module
from flask.cli import main

name, function, moment = sys.argv.pop(1), sys.argv.pop(1), sys.argv.pop(1)
module = import_module(name)
original = getattr(module, function)

def killed(*args, **kwargs):
    if moment == "after":
        original(*args, **kwargs)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(module, function, killed)
sys.argv[0] = "flask"
main()
"""
# Migrates as a revision does that commits a change before it is killed, or fails.
DAMAGING = """
import os, signal, sys
import flaskblog.database.schema as schema
from flask.cli import main

ending = sys.argv.pop(1)
original = schema.migrate

def migrate(engine, revision):
    if revision != "head":
        return original(engine, revision)
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM post WHERE id = 1")
        connection.exec_driver_sql("ALTER TABLE post ADD COLUMN broken INTEGER")
    if ending == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    raise RuntimeError("this step is broken")

def killed(*args):
    os.kill(os.getpid(), signal.SIGKILL)

schema.migrate = migrate
if ending == "failed, rolling back":
    import flaskblog.backup.upgrade as upgrade
    upgrade.restore_at_its_revision = killed
sys.argv[0] = "flask"
main()
"""


@pytest.fixture
def old_site(empty_url: str, tmp_path: Path) -> Iterator[Flask]:
    """A filled database of the first revision, with no connection open."""
    with first_revision_site(empty_url, **settings(empty_url, tmp_path)) as site:
        yield site


def settings(url: str, folder: Path) -> dict[str, str]:
    return {
        "FLASKBLOG_ENV": "test",
        "DATABASE_URL": url,
        "BACKUP_FOLDER": str(folder / "backups"),
        "MEDIA_FOLDER": str(folder / "media"),
        "PORT": str(free_port()),
    }


def run(site: Flask, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a process, while this one has no connection open."""
    with site.app_context():
        disconnect()
        folder = backups.default_folder().parent
        given = settings(site.config["SQLALCHEMY_DATABASE_URI"], folder)
    return subprocess.run(
        [sys.executable, *command],
        cwd=PROJECT,
        env=environment() | given,
        capture_output=True,
        text=True,
        timeout=2 * TIMEOUT,
        check=False,
    )


def upgrade(site: Flask) -> str:
    done = run(site, "-m", "flask", "--app", "run", "upgrade")
    assert done.returncode == 0, done.stderr
    return done.stdout


def made_backups(site: Flask) -> list[Path]:
    folder = site.config["BACKUP_FOLDER"]
    return sorted(path for path in folder.glob("*") if not path.name.startswith("."))


def assert_upgraded(site: Flask) -> None:
    with site.app_context():
        assert titles() == [f"Post {number}" for number in range(5)]
        assert all(db.session.scalars(select(Post.content_html)))
        db.session.remove()
    assert upgrade(site) == "The database is up to date.\n"


@pytest.mark.parametrize(
    ("module", "function", "moment", "reported"),
    [
        ("flaskblog.backup.transfer", "copy", "after", False),
        ("flaskblog.backup.upgrade", "_migrate", "before", True),
        ("flaskblog.backup.upgrade", "_migrate", "after", False),
    ],
    ids=["backing up", "before migrating", "after migrating"],
)
def test_the_run_after_a_killed_upgrade_completes_it(
    old_site: Flask, module: str, function: str, moment: str, reported: bool
) -> None:
    before = state(old_site)
    killed = run(old_site, "-c", KILLED, module, function, moment, "--app", "run", "upgrade")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    if moment == "before":
        assert state(old_site) == before
    output = upgrade(old_site)
    assert ("The last upgrade was interrupted while migrating." in output) is reported
    assert len(made_backups(old_site)) == 1
    assert_upgraded(old_site)


@pytest.mark.parametrize("ending", ["killed", "failed, rolling back"])
def test_the_run_after_a_kill_undoes_what_a_migration_had_committed(
    old_site: Flask, ending: str
) -> None:
    before = state(old_site)
    killed = run(old_site, "-c", DAMAGING, ending, "--app", "run", "upgrade")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert state(old_site) != before
    [backup] = made_backups(old_site)
    output = upgrade(old_site)
    step = "migrating" if ending == "killed" else "rolling back"
    assert f"The last upgrade was interrupted while {step}." in output
    assert "The partly migrated database is kept: " in output
    assert made_backups(old_site) == [backup], "no backup is made of the damaged data"
    assert_upgraded(old_site)


def test_without_the_backup_of_a_killed_upgrade_nothing_is_changed(old_site: Flask) -> None:
    assert run(old_site, "-c", DAMAGING, "killed", "--app", "run", "upgrade").returncode < 0
    [backup] = made_backups(old_site)
    moved = backup.rename(backup.with_suffix(".moved"))
    damaged = state(old_site)
    for command in (["upgrade"], ["upgrade", "--no-backup"], ["start"]):
        refused = run(old_site, "-m", "flask", "--app", "run", *command)
        assert refused.returncode == 1
        assert f"The backup of the interrupted upgrade is gone: {backup}." in refused.stderr
        assert state(old_site) == damaged
    assert str(backup) in upgrade_finding(old_site)
    moved.rename(backup)
    upgrade(old_site)
    assert_upgraded(old_site)
    assert upgrade_finding(old_site) == ""


def upgrade_finding(site: Flask) -> str:
    lines = run_command(site, "doctor").output.splitlines()
    return "".join(line for line in lines if "was interrupted while" in line)


@pytest.mark.parametrize("place", ["_fill", "_swap"], ids=["before the copy", "before the swap"])
def test_doctor_finds_and_deletes_what_a_killed_restore_left(
    site: Flask, archive: Path, place: str
) -> None:
    assert run_command(site, "backup", str(archive)).exit_code == 0
    before = state(site)
    is_sqlite = db.engine.dialect.name == "sqlite"
    function = "_swap_files" if is_sqlite and place == "_swap" else place
    command = ["--app", "run", "restore", "--yes", str(archive)]
    moment = "after" if place == "_fill" else "before"
    killed = run(site, "-c", KILLED, "flaskblog.backup.restore", function, moment, *command)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert state(site) == before

    [line] = [line for line in doctor(site) if "leftovers" in line]
    assert line.startswith("warning")
    assert "flask --app run doctor --fix" in line
    assert len(leftovers(site)) == 2

    fixed = run_command(site, "doctor", "--fix").output.splitlines()
    assert len([line for line in fixed if line.startswith("Deleted: ")]) == 2
    assert leftovers(site) == []
    assert [line for line in doctor(site) if "leftovers" in line and line.startswith("ok")]
    assert state(site) == before


def test_doctor_leaves_what_a_running_restore_uses(site: Flask) -> None:
    folder = site.config["BACKUP_FOLDER"]
    folder.mkdir()
    with scratch.folder(backups.SCRATCH_PREFIX, folder) as used:
        assert "Deleted" not in run_command(site, "doctor", "--fix").output
        assert used.exists()


def doctor(site: Flask) -> list[str]:
    return run_command(site, "doctor").output.splitlines()


def leftovers(site: Flask) -> list[str]:
    """The folder beside the backups, and the file or schema that is not finished."""
    url = site.config["SQLALCHEMY_DATABASE_URI"]
    found = [path.name for path in site.config["BACKUP_FOLDER"].glob(".*")]
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        database = Path(str(engine.url.database))
        found += [path.name for path in database.parent.glob("*.restoring")]
    else:
        names = inspect(engine).get_schema_names()
        found += [name for name in names if re.match("restoring_", name)]
    engine.dispose()
    return found
