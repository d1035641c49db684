"""`flask --app run backup`, `restore` and `upgrade`: getting all of it back."""

from pathlib import Path

import click
from alembic.util import CommandError
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from flaskblog import backups, restoring, schema, transfer
from flaskblog.archives import ArchiveError, Manifest
from flaskblog.backups import BackupError
from flaskblog.extensions import db
from flaskblog.media import MediaError
from flaskblog.text import count

FAILURES = (ArchiveError, BackupError, MediaError, OSError, SQLAlchemyError, CommandError)
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", required=False, type=_FILE)
@with_appcontext
def backup(file: Path | None) -> None:
    """Back up database and pictures into FILE while people write, and prove that it comes back."""
    path = (file or backups.new_path()).resolve()
    if path.exists():
        raise click.ClickException(f"{path} is there already.")
    try:
        manifest = _take(path)
    except FAILURES as error:
        raise click.ClickException(f"No backup was made. {error}") from None
    click.echo(f"Backed up and proven: {path}, {_told(manifest)}.")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_appcontext
def restore(file: Path, yes: bool) -> None:
    """Put the backup in FILE in the place of the stopped site's database, on either engine."""
    try:
        with backups.proven(file.resolve()) as proven:
            manifest = proven.manifest
            click.echo(f"The backup of {manifest.made_at:%Y-%m-%d %H:%M} UTC: {_told(manifest)}.")
            if not yes:
                click.confirm("Put it in the place of what is there now?", abort=True)
            rows = manifest.contents.rows
            with click.progressbar(length=2 * rows, label="Restoring") as bar:
                aside = restoring.restore(proven, bar.update)
    except FAILURES as error:
        raise click.ClickException(f"Nothing was restored. {error}") from None
    click.echo(f"Restored. What was there before is kept: {aside}")


@click.command()
@with_appcontext
def upgrade() -> None:
    """Back the stopped site up and bring its database up to date; put it back if that fails."""
    with db.engine.connect() as connection:
        revision, before = schema.revision_of(connection), schema.described(connection)
    if revision == schema.newest():
        click.echo("The database is up to date.")
        return
    if revision is None:
        schema.migrate(db.engine, "head")
        click.echo("The database is made.")
        return
    path = backups.new_path()
    try:
        restoring.require_stopped()
        manifest = _take(path)
    except FAILURES as error:
        raise click.ClickException(f"Nothing was changed. {error}") from None
    click.echo(f"Backed up and proven: {path}")
    try:
        schema.migrate(db.engine, "head")
    except Exception as error:
        current_app.logger.exception("a migration failed")
        _put_back(path, manifest, before)
        raise click.ClickException(f"Nothing was changed, as a migration failed: {error}") from None
    click.echo("The database is up to date.")


def _take(path: Path) -> Manifest:
    with db.engine.connect() as connection:
        rows = transfer.count_rows(connection) + 1
    with click.progressbar(length=2 * rows, label="Backing up") as bar:
        return backups.take(path, bar.update)


def _put_back(path: Path, manifest: Manifest, before: object) -> None:
    """A failed migration is rolled back; one that committed by itself is undone by the backup."""
    with db.engine.connect() as connection:
        if schema.described(connection) == before:
            found = transfer.read_again(connection, manifest.contents, lambda _rows: None)
            if not transfer.differences(manifest.contents, found):
                return
    with backups.proven(path) as proven:
        aside = restoring.restore_as_it_was(proven)
    click.echo(f"What the migration left is kept: {aside}")


def _told(manifest: Manifest) -> str:
    rows = count(manifest.contents.rows, "row")
    return f"{rows} and {count(len(manifest.pictures), 'picture')}"
