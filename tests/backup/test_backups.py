"""Making, verifying and expiring backups."""

import re
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, func, select

from flaskblog.backup import backups, scratch, transfer
from flaskblog.backup.archive import ArchiveWriter, Manifest, unpack
from flaskblog.backup.backups import last_verified, retained, take_nightly
from flaskblog.backup.transfer import Snapshot
from flaskblog.extensions import db
from flaskblog.models import Post, User
from tests.support.commands import run_command
from tests.support.factories import make_post
from tests.support.installation import DiskUsage


def test_a_backup_made_during_writes_is_consistent(
    site: Flask, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Publishing adds a post and increments a counter in one commit: a copy has both or neither."""
    stopping = Event()
    written = 0

    def write() -> None:
        nonlocal written
        with site.app_context():
            while not stopping.is_set():
                author = db.session.scalars(User.by_username("author")).one()
                make_post(author)
                written += 1

    thread = Thread(target=write)
    thread.start()
    monkeypatch.setattr(transfer, "BATCH", 1)
    try:
        manifest = backups.take(archive)
    finally:
        stopping.set()
        thread.join()
    assert written > 0
    total = db.session.scalars(select(func.count(Post.id))).one()
    assert manifest.snapshot.tables["post"].rows < total
    with backups.verified(archive) as backup:
        connection = sqlite3.connect(backup.database)
        counted = connection.execute(
            'SELECT sum(posts_count), (SELECT count(*) FROM post) FROM "user"'
        ).fetchone()
        connection.close()
    assert counted[0] == counted[1] + 1  # filled_site deletes one post without counting it


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
def test_a_backup_that_fails_its_verification_is_deleted(
    site: Flask, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose_a_row(self: ArchiveWriter, path: Path) -> None:
        connection = sqlite3.connect(path)
        connection.execute("DELETE FROM post WHERE id = 1")
        connection.commit()
        connection.close()
        add_database(self, path)

    add_database = ArchiveWriter.add_database
    monkeypatch.setattr(ArchiveWriter, "add_database", lose_a_row)
    refused = run_command(site, "backup", str(archive))
    assert refused.exit_code == 1
    assert "Its rows differ from its manifest: post" in refused.output
    assert [path.name for path in archive.parent.iterdir() if "backup" in path.name] == []


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("site")
def test_one_backup_is_made_each_night_and_expired_ones_are_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert last_verified() is None
    folder = tmp_path / "backups"
    started = datetime(2026, 11, 20, 2, 17, tzinfo=UTC)
    moment = started
    monkeypatch.setattr(backups, "now", lambda: moment)
    take_nightly()
    assert last_verified() == started
    for hours in (1, 2, 3):  # 3:17 is the first after HOUR
        moment = started + timedelta(hours=hours)
        take_nightly()
    assert [path.name for path in sorted(folder.iterdir())] == [
        "flaskblog-20261120T021700Z.tar.gz",
        "flaskblog-20261120T031700Z.tar.gz",
    ]
    for days in range(1, 100):
        (folder / f"flaskblog-{started - timedelta(days=days):%Y%m%dT%H%M%SZ}.tar.gz").touch()
    (folder / "mine.tar.gz").touch()
    moment = started + timedelta(days=1, hours=1)
    take_nightly()
    assert last_verified() == moment
    assert len(list(folder.iterdir())) == 7 + 7 + 1
    assert (folder / "mine.tar.gz").exists()


def test_retention_is_the_last_seven_and_one_a_week_for_eight_weeks() -> None:
    last = datetime(2026, 11, 22, 3, tzinfo=UTC)  # a Sunday
    nightly = {last - timedelta(days=days) for days in range(100)}
    assert sorted(retained(nightly), reverse=True) == [
        *(last - timedelta(days=days) for days in range(7)),
        *(last - timedelta(weeks=weeks) for weeks in range(1, 8)),
    ]


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("site")
def test_scratch_folders_of_killed_backups_are_removed_by_the_next_one(tmp_path: Path) -> None:
    killed = tmp_path / "backups" / f"{backups.SCRATCH_PREFIX}killed"
    killed.mkdir(parents=True)
    (killed / "archive").touch()
    with scratch.folder(backups.SCRATCH_PREFIX, killed.parent) as used:
        take_nightly()
        assert used.exists()
    assert not killed.exists()


@pytest.mark.usefixtures("empty_url")
def test_a_backup_that_does_not_fit_on_the_disk_is_not_begun(
    site: Flask, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = DiskUsage(10**12, 10**12 - 1000, 1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage)
    monkeypatch.setattr(scratch, "folder", None)  # nothing is written
    refused = run_command(site, "backup", str(archive))
    assert refused.exit_code == 1
    [line] = [line for line in refused.output.splitlines() if "Backing up" not in line]
    assert re.fullmatch(
        r"Error: No backup was made\. It needs [\d.]+ [kM]B of free space in \S+,"
        r" and 1.0 kB are free\.",
        line,
    )


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
def test_a_backup_needs_little_more_space_than_the_database_and_its_archive(
    site: Flask, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write-ahead log of the copy, or the copy beside the unpacked archive, would double it."""
    logs: list[bool] = []
    unpacked: list[list[str]] = []

    def note_log(*arguments: Any) -> Snapshot:
        snapshot = copy(*arguments)
        target: Connection = arguments[2]
        logs.append(Path(f"{target.engine.url.database}-wal").exists())
        return snapshot

    def note_unpacking(path: Path, folder: Path) -> Manifest:
        unpacked.append(sorted(entry.name for entry in path.parent.iterdir()))
        return unpack(path, folder)

    copy = transfer.copy
    monkeypatch.setattr(transfer, "copy", note_log)
    monkeypatch.setattr(backups, "unpack", note_unpacking)
    assert run_command(site, "backup", str(archive)).exit_code == 0
    assert (logs, unpacked) == ([False], [["archive"]])
