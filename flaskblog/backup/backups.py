"""Backups of the running site. Each is restored and compared before it gets its name."""

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import current_app
from sqlalchemy.exc import DatabaseError

from flaskblog.backup import transfer
from flaskblog.backup.archive import DATABASE, PICTURES, ArchiveError, Manifest, create, unpack
from flaskblog.backup.transfer import Progress, Snapshot, no_progress
from flaskblog.database import schema
from flaskblog.database.base import now
from flaskblog.extensions import db
from flaskblog.media import pictures

NIGHTLY_RETENTION = 7  # backups
WEEKLY_RETENTION = 8  # backups
HOUR = 3  # UTC, of the nightly backup
SCRATCH_PREFIX = ".flaskblog-"
SCRATCH_MAX_AGE = timedelta(days=1)
_NAME = re.compile(r"flaskblog-(\d{8}T\d{6}Z)\.tar\.gz")


class BackupError(Exception):
    """A message of one line for the operator."""


@dataclass(frozen=True)
class VerifiedBackup:
    """An unpacked archive whose rows and pictures match its manifest."""

    manifest: Manifest
    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / DATABASE

    @property
    def pictures(self) -> Path:
        return self.folder / PICTURES


def take(path: Path, progress: Progress = no_progress) -> Manifest:
    """Back up the running site to a file, which appears only after it is verified.

    Raises `BackupError`, `ArchiveError`, `flaskblog.media.store.MediaError` or `OSError`.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=SCRATCH_PREFIX, dir=path.parent) as scratch:
        draft, copied = Path(scratch, "archive"), Path(scratch, "copied.db")
        with create(draft) as archive:
            # Before and after the rows, as pictures are removed and uploaded meanwhile.
            archive.add_pictures(pictures.store())
            snapshot = _copy_database(copied, progress)
            archive.add_database(copied)
            archive.add_pictures(pictures.store())
            archive.add_manifest(snapshot)
        with verified(draft, progress) as backup:
            manifest = backup.manifest
        draft.replace(path)
    _sync_folder(path.parent)
    return manifest


@contextmanager
def verified(path: Path, progress: Progress = no_progress) -> Iterator[VerifiedBackup]:
    """Unpack an archive into a temporary folder and compare it with its manifest.

    Raises `ArchiveError`, or `BackupError` when a newer version of Flaskblog made it.
    """
    parent = path.parent if os.access(path.parent, os.W_OK) else None
    with TemporaryDirectory(prefix=SCRATCH_PREFIX, dir=parent) as scratch:
        folder = Path(scratch, "restored")
        manifest = unpack(path, folder)
        if not schema.is_known_revision(manifest.snapshot.revision):
            raise BackupError("A newer version of Flaskblog made this backup: upgrade first.")
        backup = VerifiedBackup(manifest, folder)
        _check_database(backup, progress)
        yield backup


def last_verified() -> datetime | None:
    """Return the time of the newest backup in `BACKUP_FOLDER`, or None."""
    folder = current_app.config["BACKUP_FOLDER"]
    return max(_backups_in(folder), default=None) if folder else None


def new_path() -> Path:
    """Return the default path of a backup made now."""
    folder = current_app.config["BACKUP_FOLDER"] or Path(current_app.instance_path, "backups")
    return Path(folder, f"flaskblog-{now():%Y%m%dT%H%M%SZ}.tar.gz")


def take_nightly() -> None:
    """Take a backup if none was taken since the last `HOUR`; delete expired ones."""
    folder = current_app.config["BACKUP_FOLDER"]
    if folder is None or not _is_due(last_verified(), now()):
        return
    path = new_path()
    manifest = take(path)
    current_app.logger.info("backup verified: %s, %s rows", path, f"{manifest.snapshot.rows:,}")
    existing = _backups_in(folder)
    for time in existing.keys() - retained(existing.keys()):
        existing[time].unlink()
    _remove_scratch(folder)


def retained(times: Iterable[datetime]) -> set[datetime]:
    """Return the last seven times, and the last of each of the last eight weeks with any."""
    newest_first = sorted(times, reverse=True)
    weeks: dict[tuple[int, int], datetime] = {}
    for time in newest_first:
        weeks.setdefault(time.isocalendar()[:2], time)
    return {*newest_first[:NIGHTLY_RETENTION], *list(weeks.values())[:WEEKLY_RETENTION]}


def _is_due(last: datetime | None, time: datetime) -> bool:
    due_at = time.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    if time < due_at:
        due_at -= timedelta(days=1)
    return last is None or last < due_at


def _backups_in(folder: Path) -> dict[datetime, Path]:
    if not folder.is_dir():
        return {}
    matches = {path: _NAME.fullmatch(path.name) for path in folder.iterdir()}
    return {
        datetime.strptime(match[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC): path
        for path, match in matches.items()
        if match
    }


def _remove_scratch(folder: Path) -> None:
    """Remove what killed processes left."""
    for scratch in folder.glob(f"{SCRATCH_PREFIX}*"):
        if now() - datetime.fromtimestamp(scratch.stat().st_mtime, UTC) > SCRATCH_MAX_AGE:
            shutil.rmtree(scratch)


def _copy_database(path: Path, progress: Progress) -> Snapshot:
    engine = schema.open_engine(f"sqlite:///{path}")
    try:
        with transfer.snapshot_connection(db.engine) as source:
            revision = schema.current_revision(source)
            if revision is None:
                raise BackupError("There is no site to back up yet.")
            schema.create_tables(engine, revision)
            with engine.begin() as target:
                return transfer.copy(source, target, progress)
    finally:
        engine.dispose()


def _check_database(backup: VerifiedBackup, progress: Progress) -> None:
    engine = schema.open_engine(f"sqlite:///{backup.database}")
    try:
        with engine.connect() as connection:
            result = connection.exec_driver_sql("PRAGMA integrity_check").scalar_one()
            orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            if result != "ok" or orphans:
                raise ArchiveError(f"Its database is damaged: {result}.")
            expected = backup.manifest.snapshot
            found = transfer.read_back(connection, expected, progress)
            if differing := transfer.differences(expected, found):
                raise ArchiveError(f"Its rows differ from its manifest: {', '.join(differing)}.")
    except DatabaseError as error:
        raise ArchiveError(f"Its database is damaged: {error.orig}.") from None
    finally:
        engine.dispose()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
