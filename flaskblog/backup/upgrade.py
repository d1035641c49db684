"""Migrating the site's database: after a backup, and undone if it fails or is killed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
from flask import current_app

from flaskblog.backup import backups, marker, scratch, transfer
from flaskblog.backup.archive import Manifest
from flaskblog.backup.errors import FAILURES, BackupError, reason
from flaskblog.backup.marker import MIGRATING, ROLLING_BACK, Marker
from flaskblog.backup.restore import disconnect, require_stopped, restore_at_its_revision
from flaskblog.backup.transfer import no_progress
from flaskblog.database import schema
from flaskblog.extensions import db


def upgrade(*, with_backup: bool = True) -> None:
    """Create the database, or back it up and migrate it; do nothing if it is up to date.

    Without a backup, a migration that fails is not undone. Raises `BackupError`, after which the
    data is otherwise as before.
    """
    with _upgrading() as is_pending:
        if not is_pending:
            return
        path = _recover()
        if not with_backup:
            _migrate()
        elif _revision() != schema.head_revision():
            _migrate_or_roll_back(path or _back_up())
        marker.remove()


@contextmanager
def _upgrading() -> Iterator[bool]:
    """Whether a stopped site with data needs an upgrade, which no other process makes meanwhile.

    Creates a missing database.
    """
    try:
        if not _is_pending():
            if _revision() != schema.head_revision():
                schema.migrate(db.engine, "head")
            yield False
            return
        disconnect()  # the process that upgrades must be the only one with a connection
        with scratch.locked(marker.path().parent):
            is_pending = _is_pending()
            if is_pending:
                require_stopped()
            yield is_pending
    except FAILURES as error:
        state = "The upgrade is incomplete: repeat it." if marker.read() else "Nothing was changed."
        raise BackupError(f"{state} {reason(error)}") from None


def _is_pending() -> bool:
    revision = _revision()
    if revision and not schema.is_known_revision(revision):
        raise BackupError("A newer version of Flaskblog has migrated this database: use that one.")
    if marker.read():
        return True
    return revision not in {None, schema.head_revision()} and _count_rows() > 0


def _revision() -> str | None:
    with db.engine.connect() as connection:
        return schema.current_revision(connection)


def _count_rows() -> int:
    with db.engine.connect() as connection:
        return transfer.count_rows(connection)


def _back_up() -> Path:
    path = backups.new_path()
    backups.take_with_bar(path)
    click.echo(f"Backed up and verified: {path}")
    return path


def _migrate_or_roll_back(path: Path) -> None:
    with db.engine.connect() as connection:
        fingerprint = schema.fingerprint(connection)
    under_way = Marker(MIGRATING, str(path), str(schema.head_revision()), fingerprint)
    under_way.write()
    try:
        _migrate()
    except BackupError:
        replace(under_way, step=ROLLING_BACK).write()
        _roll_back(under_way)
        marker.remove()
        raise


def _migrate() -> None:
    try:
        schema.migrate(db.engine, "head")
    except Exception as error:
        current_app.logger.exception("migration failed")
        raise BackupError(f"A migration failed: {reason(error)}") from None


def _recover() -> Path | None:
    """Undo what a killed upgrade has left half done, and return its backup if that is the data."""
    interrupted = marker.read()
    if interrupted is None or interrupted.target == _revision():
        return None
    click.echo(f"The last upgrade was interrupted while {interrupted.step}.")
    if not Path(interrupted.backup).exists():
        raise BackupError(
            f"The backup of the interrupted upgrade is gone: {interrupted.backup}."
            f" Restore another one, or delete {marker.path()} if the data is right."
        )
    _roll_back(interrupted)
    return Path(interrupted.backup)


def _roll_back(interrupted: Marker) -> None:
    """Restore the backup if the migration has committed a change."""
    with backups.verified(Path(interrupted.backup)) as backup:
        if _is_unchanged(interrupted.fingerprint, backup.manifest):
            return
        previous = restore_at_its_revision(backup)
    click.echo(f"The partly migrated database is kept: {previous}")


def _is_unchanged(fingerprint: dict[str, list[str]], manifest: Manifest) -> bool:
    with db.engine.connect() as connection:
        if schema.fingerprint(connection) != fingerprint:
            return False
        found = transfer.read_back(
            connection, schema.tables(connection), manifest.snapshot, no_progress
        )
        return not transfer.differences(manifest.snapshot, found)
