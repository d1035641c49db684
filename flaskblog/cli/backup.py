"""The commands `backup`, `restore` and `upgrade`."""

from pathlib import Path

import click
from flask.cli import with_appcontext

from flaskblog.backup import backups, marker
from flaskblog.backup import upgrade as upgrades
from flaskblog.backup.archive import Manifest
from flaskblog.backup.errors import FAILURES, BackupError, reason
from flaskblog.backup.restore import restore_and_upgrade, stopped_site
from flaskblog.text.phrases import count

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
        manifest = backups.take_with_bar(path)
    except FAILURES as error:
        raise click.ClickException(f"No backup was made. {reason(error)}") from None
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
            for part in verified.ignored:
                click.echo(f"Ignored: {part}, which is not Flaskblog's.")
            if not yes:
                click.confirm("Replace the current database?", abort=True)
            bar = click.progressbar(length=2 * manifest.snapshot.rows, label="Restoring")
            with stopped_site(), bar:
                previous = restore_and_upgrade(verified, bar.update)
                marker.remove()
    except FAILURES as error:
        raise click.ClickException(f"Nothing was restored. {reason(error)}") from None
    click.echo(f"Restored. The previous database is kept: {previous}")


@click.command()
@click.option("--no-backup", is_flag=True, help="Make no backup before a migration.")
@with_appcontext
def upgrade(no_backup: bool) -> None:
    """Back up the stopped site and migrate its database; restore it if a migration fails."""
    try:
        upgrades.upgrade(with_backup=not no_backup)
    except BackupError as error:
        raise click.ClickException(str(error)) from None
    click.echo("The database is up to date.")


def _summary(manifest: Manifest) -> str:
    rows = count(manifest.snapshot.rows, "row")
    return f"{rows} and {count(len(manifest.pictures), 'picture')}"
