"""Backups of the running site. Each is restored and compared before it gets its name."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from flask import current_app
from sqlalchemy import Table

from flaskblog.backup import contents, scratch, space, transfer
from flaskblog.backup.archive import DATABASE, PICTURES, Manifest, create, unpack
from flaskblog.backup.errors import BackupError
from flaskblog.backup.marker import sync_folder
from flaskblog.backup.transfer import Progress, Snapshot, no_progress
from flaskblog.database import schema
from flaskblog.database.base import now
from flaskblog.extensions import db
from flaskblog.media import pictures

NIGHTLY_RETENTION = 7  # backups
WEEKLY_RETENTION = 8  # backups
HOUR = 3  # UTC, of the nightly backup
SCRATCH_PREFIX = ".flaskblog-"
_NAME = re.compile(r"flaskblog-(\d{8}T\d{6}Z)\.tar\.gz")


@dataclass(frozen=True)
class VerifiedBackup:
    """An unpacked archive whose rows and pictures match its manifest.

    `tables` are those of our own schema; `ignored` names what else its database holds.
    """

    manifest: Manifest
    folder: Path
    tables: dict[str, Table]
    ignored: list[str]

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
    scratch.remove_abandoned(SCRATCH_PREFIX, path.parent)
    space.require(_needed_space(), path.parent)
    with scratch.folder(SCRATCH_PREFIX, path.parent) as folder:
        draft, copied = folder / "archive", folder / "copied.db"
        with create(draft) as archive:
            # Before and after the rows, as pictures are removed and uploaded meanwhile.
            archive.add_pictures(pictures.store())
            snapshot = _copy_database(copied, progress)
            archive.add_database(copied)
            copied.unlink()
            archive.add_pictures(pictures.store())
            archive.add_manifest(snapshot)
        manifest = _verify(draft, folder, progress).manifest
        draft.replace(path)
    sync_folder(path.parent)
    return manifest


def take_with_bar(path: Path) -> Manifest:
    """As `take`, with a progress bar on a terminal."""
    with db.engine.connect() as connection:
        rows = transfer.count_rows(connection) + 1
    with click.progressbar(length=2 * rows, label="Backing up") as bar:
        return take(path, bar.update)


@contextmanager
def verified(path: Path, progress: Progress = no_progress) -> Iterator[VerifiedBackup]:
    """Unpack an archive into a folder beside the backups and compare it with its manifest.

    Raises `ArchiveError`, or `BackupError` when a newer version of Flaskblog made it.
    """
    parent = default_folder()
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    scratch.remove_abandoned(SCRATCH_PREFIX, parent)
    with scratch.folder(SCRATCH_PREFIX, parent) as folder:
        yield _verify(path, folder, progress)


def last_verified() -> datetime | None:
    """Return the time of the newest backup in `BACKUP_FOLDER`, or None."""
    folder = current_app.config["BACKUP_FOLDER"]
    return max(_backups_in(folder), default=None) if folder else None


def new_path() -> Path:
    """Return the default path of a backup made now."""
    return default_folder() / f"flaskblog-{now():%Y%m%dT%H%M%SZ}.tar.gz"


def default_folder() -> Path:
    """Return `BACKUP_FOLDER`, or a folder in `instance/`."""
    return current_app.config["BACKUP_FOLDER"] or Path(current_app.instance_path, "backups")


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


def _verify(path: Path, scratch_folder: Path, progress: Progress) -> VerifiedBackup:
    folder = scratch_folder / "unpacked"
    manifest = unpack(path, folder)
    if not schema.is_known_revision(manifest.snapshot.revision):
        raise BackupError("A newer version of Flaskblog made this backup: upgrade first.")
    own = contents.own(manifest.snapshot.revision, scratch_folder / "own.db")
    ignored = contents.check(folder / DATABASE, own, manifest.snapshot, progress)
    return VerifiedBackup(manifest, folder, own.tables, ignored)


def _needed_space() -> int:
    """The copied database, and its compressed copy, which is usually a third of it."""
    with db.engine.connect() as connection:
        return schema.size(connection) * 3 // 2


def _copy_database(path: Path, progress: Progress) -> Snapshot:
    engine = schema.open_engine(f"sqlite:///{path}")
    try:
        with transfer.snapshot_connection(db.engine) as source:
            revision = schema.current_revision(source)
            if revision is None:
                raise BackupError("There is no site to back up yet.")
            schema.create_tables(engine, revision)
            with engine.begin() as target:
                return transfer.copy(source, schema.tables(source), target, progress)
    finally:
        engine.dispose()
