"""Alembic's environment: the database of the current app.

`config.attributes["engine"]` names another one.
"""

from alembic import context
from flask import current_app
from sqlalchemy import Connection, func, select

from flaskblog.database.base import SCHEMA_LOCK

database = current_app.extensions["migrate"].db
LOCK_TIMEOUT = 10 * 60  # seconds, while another process migrates a large database


def run_migrations() -> None:
    engine = context.config.attributes.get("engine") or database.engine
    with engine.connect() as connection:
        try:
            _lock_schema(connection)
            context.configure(
                connection=connection,
                target_metadata=database.metadata,
                render_as_batch=True,
                compare_type=True,
                transactional_ddl=True,
                include_name=lambda name, kind, _parents: (
                    kind != "table" or not name.startswith("huey_")
                ),
            )
            context.run_migrations()
            connection.commit()
        finally:
            # The settings for migrations must not return to the pool.
            connection.invalidate()


def _lock_schema(connection: Connection) -> None:
    """Begin one transaction for all revisions, after those of any other process."""
    if connection.dialect.name == "sqlite":
        # Altering a table copies and drops it, and the drop must not cascade.
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {LOCK_TIMEOUT * 1000}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql("SET statement_timeout = 0")
        connection.execute(select(func.pg_advisory_xact_lock(SCHEMA_LOCK)))


run_migrations()
