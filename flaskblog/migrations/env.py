"""How Alembic reaches the database: through the application that runs the command.

A caller who means another database puts its `engine` into the attributes of Alembic's settings.
"""

from alembic import context
from flask import current_app
from sqlalchemy import Connection, func, select

from flaskblog.database import STARTING_LOCK

database = current_app.extensions["migrate"].db
PATIENCE = 10 * 60  # seconds, for another start that migrates a large database


def run_migrations() -> None:
    engine = context.config.attributes.get("engine") or database.engine
    with engine.connect() as connection:
        try:
            _wait_for_others(connection)
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
            # What was set for migrations is not for others.
            connection.invalidate()


def _wait_for_others(connection: Connection) -> None:
    """Begin the one transaction of all revisions; who comes second finds them done."""
    if connection.dialect.name == "sqlite":
        # A table is altered by copying and dropping it: the drop must not cascade.
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {PATIENCE * 1000}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql("SET statement_timeout = 0")
        connection.execute(select(func.pg_advisory_xact_lock(STARTING_LOCK)))


run_migrations()
