"""The commands `backup`, `restore` and `upgrade`."""

from pathlib import Path

import click
from alembic.util import CommandError
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from flaskblog.backup import backups, transfer
from flaskblog.backup.archive import ArchiveError, Manifest
from flaskblog.backup.backups import BackupError
from flaskblog.backup.restore import (
    require_stopped,
    restore_and_upgrade,
    restore_at_its_revision,
)
from flaskblog.backup.transfer import no_progress
from flaskblog.database import schema
from flaskblog.extensions import db
from flaskblog.media.store import MediaError
from flaskblog.text.phrases import count

ERRORS = (ArchiveError, BackupError, MediaError, OSError, SQLAlchemyError, CommandError)
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", required=False, type=_FILE)
@with_appcontext
def backup(file: Path | None) -> None:
    """Back up the running site's database and pictures to FILE, and verify the backup."""
    path = (file or backups.new_path()).resolve()
    if path.exists():
        raise click.ClickException(f"{path} exists already.")
    try:
        manifest = _take(path)
    except ERRORS as error:
        raise click.ClickException(f"No backup was made. {error}") from None
    click.echo(f"Backed up and verified: {path}, {_summary(manifest)}.")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@with_appcontext
def restore(file: Path, yes: bool) -> None:
    """Replace the database of the stopped site by the backup in FILE, and add its pictures."""
    try:
        with backups.verified(file.resolve()) as verified:
            manifest = verified.manifest
            click.echo(f"Backup of {manifest.made_at:%Y-%m-%d %H:%M} UTC: {_summary(manifest)}.")
            if not yes:
                click.confirm("Replace the current database?", abort=True)
            rows = manifest.snapshot.rows
            with click.progressbar(length=2 * rows, label="Restoring") as bar:
                previous = restore_and_upgrade(verified, bar.update)
    except ERRORS as error:
        raise click.ClickException(f"Nothing was restored. {error}") from None
    click.echo(f"Restored. The previous database is kept: {previous}")


@click.command()
@with_appcontext
def upgrade() -> None:
    """Back up the stopped site and migrate its database; restore it if a migration fails."""
    with db.engine.connect() as connection:
        revision = schema.current_revision(connection)
    if revision is None:
        schema.migrate(db.engine, "head")
        click.echo("The database is created.")
        return
    if revision != schema.head_revision():
        _back_up_and_migrate(backups.new_path())
    click.echo("The database is up to date.")


def _back_up_and_migrate(path: Path) -> None:
    with db.engine.connect() as connection:
        fingerprint = schema.fingerprint(connection)
    try:
        require_stopped()
        manifest = _take(path)
    except ERRORS as error:
        raise click.ClickException(f"Nothing was changed. {error}") from None
    click.echo(f"Backed up and verified: {path}")
    try:
        schema.migrate(db.engine, "head")
    except Exception as error:
        current_app.logger.exception("migration failed")
        _roll_back(path, manifest, fingerprint)
        raise click.ClickException(f"Nothing was changed. A migration failed: {error}") from None


def _take(path: Path) -> Manifest:
    with db.engine.connect() as connection:
        rows = transfer.count_rows(connection) + 1
    with click.progressbar(length=2 * rows, label="Backing up") as bar:
        return backups.take(path, bar.update)


def _roll_back(path: Path, manifest: Manifest, fingerprint: object) -> None:
    """Restore the backup if the failed migration committed a change."""
    with db.engine.connect() as connection:
        if schema.fingerprint(connection) == fingerprint:
            found = transfer.read_back(connection, manifest.snapshot, no_progress)
            if not transfer.differences(manifest.snapshot, found):
                return
    with backups.verified(path) as verified:
        previous = restore_at_its_revision(verified)
    click.echo(f"The partly migrated database is kept: {previous}")


def _summary(manifest: Manifest) -> str:
    rows = count(manifest.snapshot.rows, "row")
    return f"{rows} and {count(len(manifest.pictures), 'picture')}"
