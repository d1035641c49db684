"""Backups of the running site, each of which has been restored once before it counts."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import current_app
from sqlalchemy.exc import DatabaseError

from flaskblog import archives, media, schema, transfer
from flaskblog.archives import ArchiveError, Manifest
from flaskblog.database import now
from flaskblog.extensions import db
from flaskblog.transfer import Contents, Progress

LAST_KEPT = 7
WEEKS_KEPT = 8
NIGHT = 3  # o'clock, UTC
STALE = timedelta(days=1)
SCRATCH = ".flaskblog-"
_NAME = re.compile(r"flaskblog-(\d{8}T\d{6}Z)\.tar\.gz")


class BackupError(Exception):
    """Said in one line to the person who runs the site."""


@dataclass(frozen=True)
class Proven:
    """An archive that was unpacked into a folder, and holds what it says."""

    manifest: Manifest
    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / archives.DATABASE

    @property
    def pictures(self) -> Path:
        return self.folder / archives.PICTURES


def take(path: Path, progress: Progress = lambda _rows: None) -> Manifest:
    """Back the site up into a file, while people write; it has its name only once it is proven.

    Raises `BackupError`, `ArchiveError`, `flaskblog.media.MediaError` or `OSError`.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=SCRATCH, dir=path.parent) as scratch:
        draft, copied = Path(scratch, "archive"), Path(scratch, "copied.db")
        with archives.writing(draft) as archive:
            # Twice: one shown in the copied rows may be gone after, or come after the first look.
            archive.add_pictures(media.store())
            contents = _copy_database(copied, progress)
            archive.add_database(copied)
            archive.add_pictures(media.store())
            archive.close(contents)
        with proven(draft, progress) as backup:
            manifest = backup.manifest
        draft.replace(path)
    _sync_folder(path.parent)
    return manifest


@contextmanager
def proven(path: Path, progress: Progress = lambda _rows: None) -> Iterator[Proven]:
    """An archive restored into a temporary place and compared with what it says.

    Raises `ArchiveError`, or `BackupError` when a newer version of the site made it.
    """
    beside = path.parent if os.access(path.parent, os.W_OK) else None
    with TemporaryDirectory(prefix=SCRATCH, dir=beside) as scratch:
        folder = Path(scratch, "restored")
        manifest = archives.unpack(path, folder)
        if not schema.is_known(manifest.contents.revision):
            raise BackupError("A newer version of Flaskblog made this backup: upgrade first.")
        backup = Proven(manifest, folder)
        _check_database(backup, progress)
        yield backup


def last_verified() -> datetime | None:
    """When the newest backup in `BACKUP_FOLDER` was made; each there was restored once."""
    folder = current_app.config["BACKUP_FOLDER"]
    return max(_made(folder), default=None) if folder else None


def new_path() -> Path:
    """Where a backup goes that nobody gave a name."""
    folder = current_app.config["BACKUP_FOLDER"] or Path(current_app.instance_path, "backups")
    return Path(folder, f"flaskblog-{now():%Y%m%dT%H%M%SZ}.tar.gz")


def take_nightly() -> None:
    """One for each night, also when the night is over; then let old ones go."""
    folder = current_app.config["BACKUP_FOLDER"]
    if folder is None or not _is_due(last_verified(), now()):
        return
    path = new_path()
    manifest = take(path)
    current_app.logger.info("backup %s: %s rows, proven", path, f"{manifest.contents.rows:,}")
    made = _made(folder)
    for time in made.keys() - kept(made):
        made[time].unlink()
    for scratch in folder.glob(f"{SCRATCH}*"):
        # A process that was killed left it.
        if now() - datetime.fromtimestamp(scratch.stat().st_mtime, UTC) > STALE:
            shutil.rmtree(scratch)


def kept(times: dict[datetime, Path] | set[datetime]) -> set[datetime]:
    """The last seven, and the last of each of the last eight weeks that have one."""
    newest_first = sorted(times, reverse=True)
    weeks: dict[tuple[int, int], datetime] = {}
    for time in newest_first:
        weeks.setdefault(time.isocalendar()[:2], time)
    return {*newest_first[:LAST_KEPT], *list(weeks.values())[:WEEKS_KEPT]}


def _is_due(last: datetime | None, time: datetime) -> bool:
    night = time.replace(hour=NIGHT, minute=0, second=0, microsecond=0)
    if time < night:
        night -= timedelta(days=1)
    return last is None or last < night


def _made(folder: Path) -> dict[datetime, Path]:
    if not folder.is_dir():
        return {}
    named = {path: _NAME.fullmatch(path.name) for path in folder.iterdir()}
    return {
        datetime.strptime(name[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC): path
        for path, name in named.items()
        if name
    }


def _copy_database(path: Path, progress: Progress) -> Contents:
    engine = schema.open_engine(f"sqlite:///{path}")
    try:
        with transfer.snapshot(db.engine) as source:
            revision = schema.revision_of(source)
            if revision is None:
                raise BackupError("There is no site to back up yet.")
            schema.migrate(engine, revision)
            with engine.begin() as target:
                return transfer.copy(source, target, progress)
    finally:
        engine.dispose()


def _check_database(backup: Proven, progress: Progress) -> None:
    engine = schema.open_engine(f"sqlite:///{backup.database}")
    try:
        with engine.connect() as connection:
            told = connection.exec_driver_sql("PRAGMA integrity_check").scalar_one()
            orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            if told != "ok" or orphans:
                raise ArchiveError(f"Its database is damaged: {told}.")
            expected = backup.manifest.contents
            found = transfer.read_again(connection, expected, progress)
            if differing := transfer.differences(expected, found):
                raise ArchiveError(f"It does not hold what it was made of: {', '.join(differing)}.")
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
