"""The command `db move`: from SQLite to PostgreSQL, or back."""

import click
from environs import ValidationError
from flask.cli import with_appcontext
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from config import check_database_url
from flaskblog.backup import transfer
from flaskblog.backup.checksums import TableChecksum
from flaskblog.backup.errors import BackupError, reason
from flaskblog.backup.restore import stopped_site
from flaskblog.backup.transfer import Snapshot
from flaskblog.database import schema
from flaskblog.extensions import db


@click.command()
@click.option("--to", "url", required=True, metavar="URL", help="URL of an empty database.")
@with_appcontext
def move(url: str) -> None:
    """Copy the site to another database, and compare the two.

    The site must be stopped: later changes would not be copied.
    """
    try:
        check_database_url(url)
    except ValidationError as error:
        raise click.ClickException(f"--to: {error}") from None
    engine = schema.open_engine(url)
    try:
        with stopped_site(), transfer.snapshot_connection(db.engine) as source:
            _move(source, engine)
        schema.analyze(engine)
    except (BackupError, DBAPIError) as error:
        raise click.ClickException(f"Nothing was moved. {reason(error)}") from None
    finally:
        engine.dispose()
    click.echo(f"Moved to {engine.url.render_as_string()}. Set DATABASE_URL to use it.")
    click.echo("Pictures are not moved.")


def _move(source: Connection, engine: Engine) -> None:
    revision = schema.current_revision(source)
    if revision is None:
        raise click.ClickException("Nothing was moved. This database has no tables yet.")
    with engine.connect() as target:
        if transfer.count_rows(target):
            raise click.ClickException("Nothing was moved. The target database is not empty.")
    schema.create_tables(engine, revision)
    rows = transfer.count_rows(source)
    with engine.begin() as target:
        with click.progressbar(length=rows, label="Copying") as bar:
            read = transfer.copy(source, schema.tables(source), target, bar.update)
        with click.progressbar(length=rows, label="Comparing") as bar:
            found = transfer.read_back(target, schema.tables(target), read, bar.update)
        _print_checksums(read, found)
        if differing := transfer.differences(read, found):
            raise click.ClickException(f"Nothing was moved. These differ: {', '.join(differing)}.")


def _print_checksums(read: Snapshot, found: Snapshot) -> None:
    for name in read.tables:
        click.echo(f"{name:16}{_summary(read.tables[name])}  {_summary(found.tables[name])}")


def _summary(table: TableChecksum) -> str:
    return f"{table.rows:>10,} rows {table.checksum[:16]}"
