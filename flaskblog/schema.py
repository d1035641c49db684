"""The tables of a database as it is, whatever its revision and its engine."""

from typing import Any

from alembic import command
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Engine,
    MetaData,
    String,
    Table,
    create_engine,
    inspect,
    text,
)
from sqlalchemy.exc import DBAPIError

from config import database_url, engine_options
from flaskblog.database import UTCDateTime


def open_engine(url: str) -> Engine:
    """Another database than the site's, in any spelling of its address."""
    url = database_url(url)
    return create_engine(url, **engine_options(url))


def migrate(engine: Engine, revision: str) -> None:
    """Bring another database than the site's to a revision, or to `head`."""
    config = current_app.extensions["migrate"].migrate.get_config()
    config.attributes["engine"] = engine
    command.upgrade(config, revision)


def revision_of(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def newest() -> str | None:
    """The revision that this version of the site needs."""
    return _scripts().get_current_head()


def is_known(revision: str) -> bool:
    """Whether this version of the site has got as far as that revision."""
    return revision in {script.revision for script in _scripts().walk_revisions()}


def described(connection: Connection) -> dict[str, list[str]]:
    """The shape of each table, to tell whether anything changed it."""
    found = inspect(connection)
    return {
        name: sorted(
            [f"{column['name']} {column['type']}" for column in found.get_columns(name)]
            + [str(index["name"]) for index in found.get_indexes(name)]
        )
        for name in _own_names(connection)
    }


def tables(connection: Connection) -> dict[str, Table]:
    """Those that hold the site, parents first.

    Left out are the queue's, and on SQLite what a full-text index is made of: it fills itself.
    """
    metadata = MetaData()
    metadata.reflect(connection, only=_own_names(connection))
    for table in metadata.tables.values():
        for column in table.columns:
            if isinstance(column.type, DateTime):
                column.type = UTCDateTime()
            elif isinstance(column.type, JSON):
                column.type = JSON(none_as_null=True)
    return {table.name: table for table in metadata.sorted_tables}


def survey(engine: Engine) -> None:
    """Let PostgreSQL look at tables that were filled at once: it plans by what it saw last.

    By itself it looks minutes later. SQLite plans without.
    """
    if engine.dialect.name != "postgresql":
        return
    try:
        with engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            names = map(engine.dialect.identifier_preparer.quote, _own_names(connection))
            connection.exec_driver_sql("SET statement_timeout = 0")
            connection.exec_driver_sql(f"VACUUM ANALYZE {', '.join(names)}")
            connection.invalidate()  # what was set is for this alone
    except DBAPIError:
        # What filled the tables has succeeded.
        current_app.logger.warning("tables that were filled are not surveyed yet", exc_info=True)


def stored(table: Table) -> list[str]:
    """The columns that somebody fills; the database computes the others."""
    return [column.name for column in table.columns if column.computed is None]


def in_key_order(table: Table, connection: Connection) -> list[ColumnElement[Any]]:
    """By bytes, as SQLite sorts; PostgreSQL would follow the language of the server."""
    return [_by_bytes(column, connection) for column in table.primary_key]


def _by_bytes(column: Column[Any], connection: Connection) -> ColumnElement[Any]:
    if connection.dialect.name == "postgresql" and isinstance(column.type, String):
        return column.collate("C")
    return column


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(current_app.extensions["migrate"].migrate.get_config())


def _own_names(connection: Connection) -> list[str]:
    if connection.dialect.name == "sqlite":
        listed = text("SELECT name FROM pragma_table_list WHERE type = 'table' AND schema = 'main'")
        names = connection.scalars(listed).all()
    else:
        names = inspect(connection).get_table_names()
    return [name for name in names if not name.startswith(("huey_", "sqlite_"))]
