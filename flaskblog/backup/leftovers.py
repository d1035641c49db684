"""What killed restores and backups leave: unfinished databases and scratch folders."""

import shutil
from pathlib import Path

from sqlalchemy import text

from flaskblog.backup import backups, marker, scratch
from flaskblog.backup.restore import NEW_SCHEMA, NEW_SUFFIX, remove_database
from flaskblog.extensions import db


def names() -> list[str]:
    return [*map(str, _folders()), *_unfinished_databases()]


def remove() -> list[str]:
    """Delete all leftovers, and return their names."""
    removed = names()
    for folder in _folders():
        shutil.rmtree(folder)
    for name in _unfinished_databases():
        if db.engine.dialect.name == "sqlite":
            remove_database(Path(name))
        else:
            with db.engine.begin() as connection:
                connection.exec_driver_sql(f'DROP SCHEMA "{name}" CASCADE')
    return removed


def _folders() -> list[Path]:
    return scratch.abandoned(backups.SCRATCH_PREFIX, backups.default_folder())


def _unfinished_databases() -> list[str]:
    if scratch.is_locked(marker.path().parent):
        return []  # a restore or an upgrade is running
    if db.engine.dialect.name == "sqlite":
        path = Path(str(db.engine.url.database)).with_suffix(NEW_SUFFIX)
        return [str(path)] if path.exists() else []
    query = text("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, :prefix)")
    with db.engine.connect() as connection:
        return list(connection.scalars(query, {"prefix": NEW_SCHEMA}))
