"""The tables of a database at any revision, on either engine."""

import logging
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
from flaskblog.database.base import UTCDateTime


def open_engine(url: str) -> Engine:
    """Open another database than the site's."""
    url = database_url(url)
    return create_engine(url, **engine_options(url))


def migrate(engine: Engine, revision: str) -> None:
    """Upgrade a database, which need not be the site's, to a revision or to `head`."""
    config = current_app.extensions["migrate"].migrate.get_config()
    config.attributes["engine"] = engine
    command.upgrade(config, revision)


def create_tables(engine: Engine, revision: str) -> None:
    """As `migrate`, for an empty copy: its log lines would look like a migration of the site."""
    log = logging.getLogger("alembic.runtime.migration")
    level = log.level
    log.setLevel(logging.WARNING)
    try:
        migrate(engine, revision)
    finally:
        log.setLevel(level)


def current_revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def head_revision() -> str | None:
    """Return the revision that this version of Flaskblog needs."""
    return _scripts().get_current_head()


def is_known_revision(revision: str) -> bool:
    return revision in {script.revision for script in _scripts().walk_revisions()}


def fingerprint(connection: Connection) -> dict[str, list[str]]:
    """Return the columns and indexes of each table, for comparison."""
    inspector = inspect(connection)
    return {
        name: sorted(
            [f"{column['name']} {column['type']}" for column in inspector.get_columns(name)]
            + [str(index["name"]) for index in inspector.get_indexes(name)]
        )
        for name in _table_names(connection)
    }


def tables(connection: Connection) -> dict[str, Table]:
    """Reflect the site's tables, in the order of their foreign keys.

    Not those of the task queue, nor the shadow tables of SQLite's full-text index.
    """
    metadata = MetaData()
    metadata.reflect(connection, only=_table_names(connection))
    for table in metadata.tables.values():
        for column in table.columns:
            if isinstance(column.type, DateTime):
                column.type = UTCDateTime()
            elif isinstance(column.type, JSON):
                column.type = JSON(none_as_null=True)
    return {table.name: table for table in metadata.sorted_tables}


def size(connection: Connection) -> int:
    """Return the bytes of the database, indexes included."""
    if connection.dialect.name == "sqlite":
        query = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
    else:
        query = (
            "SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
        )
    return int(connection.scalar(text(query)) or 0)


def analyze(engine: Engine) -> None:
    """Update PostgreSQL's planner statistics after a bulk load; autovacuum takes minutes."""
    if engine.dialect.name != "postgresql":
        return
    try:
        with engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            names = map(engine.dialect.identifier_preparer.quote, _table_names(connection))
            connection.exec_driver_sql("SET statement_timeout = 0")
            connection.exec_driver_sql(f"VACUUM ANALYZE {', '.join(names)}")
            connection.invalidate()  # its statement_timeout must not return to the pool
    except DBAPIError:
        # The bulk load itself has succeeded.
        current_app.logger.warning("VACUUM ANALYZE failed", exc_info=True)


def writable_columns(table: Table) -> list[str]:
    """Return the names of all columns but the computed ones."""
    return [column.name for column in table.columns if column.computed is None]


def primary_key_order(table: Table, connection: Connection) -> list[ColumnElement[Any]]:
    """Sort by bytes on either engine, and not by PostgreSQL's default collation."""
    return [_binary_collation(column, connection) for column in table.primary_key]


def _binary_collation(column: Column[Any], connection: Connection) -> ColumnElement[Any]:
    if connection.dialect.name == "postgresql" and isinstance(column.type, String):
        return column.collate("C")
    return column


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(current_app.extensions["migrate"].migrate.get_config())


def _table_names(connection: Connection) -> list[str]:
    if connection.dialect.name == "sqlite":
        query = text("SELECT name FROM pragma_table_list WHERE type = 'table' AND schema = 'main'")
        names = connection.scalars(query).all()
    else:
        names = inspect(connection).get_table_names()
    return [name for name in names if not name.startswith(("huey_", "sqlite_"))]
