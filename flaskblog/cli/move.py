"""`flask --app run db move`: a whole site from SQLite to PostgreSQL, or back."""

import click
from environs import ValidationError
from flask.cli import with_appcontext
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from config import check_database_url
from flaskblog import schema, transfer
from flaskblog.checksums import TableSum
from flaskblog.extensions import db
from flaskblog.transfer import Contents


@click.command()
@click.option("--to", "url", required=True, metavar="URL", help="An empty database.")
@with_appcontext
def move(url: str) -> None:
    """Copy the whole site into another database, and compare the two.

    Stop the site first: what is written after the copy has begun stays behind.
    """
    try:
        check_database_url(url)
    except ValidationError as error:
        raise click.ClickException(f"--to: {error}") from None
    engine = schema.open_engine(url)
    try:
        with transfer.snapshot(db.engine) as source:
            _move(source, engine)
        schema.survey(engine)
    except DBAPIError as error:
        raise click.ClickException(f"Nothing was moved. {error.orig}") from None
    finally:
        engine.dispose()
    click.echo(f"Moved to {engine.url.render_as_string()}. Set DATABASE_URL to it to go on there.")
    click.echo("Pictures stay where they are.")


def _move(source: Connection, engine: Engine) -> None:
    revision = schema.revision_of(source)
    if revision is None:
        raise click.ClickException("This database holds no site yet.")
    with engine.connect() as target:
        if transfer.count_rows(target):
            raise click.ClickException("Nothing was moved. The other database is not empty.")
    schema.migrate(engine, revision)
    rows = transfer.count_rows(source)
    with engine.begin() as target:
        with click.progressbar(length=rows, label="Copying") as bar:
            read = transfer.copy(source, target, bar.update)
        with click.progressbar(length=rows, label="Comparing") as bar:
            found = transfer.read_again(target, read, bar.update)
        _show(read, found)
        if differing := transfer.differences(read, found):
            raise click.ClickException(f"Nothing was moved. What differs: {', '.join(differing)}.")


def _show(read: Contents, found: Contents) -> None:
    for name in read.tables:
        click.echo(f"{name:16}{_told(read.tables[name])}  {_told(found.tables[name])}")


def _told(total: TableSum) -> str:
    return f"{total.rows:>10,} rows {total.checksum[:16]}"
