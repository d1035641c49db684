"""A backup put in the place of the site's database; what it replaces is kept aside.

The new database is whole before it takes the other's place, and it does so in one step: whoever
looks finds the one or the other.
"""

import os
import shutil
import sqlite3
from pathlib import Path
from time import sleep

from sqlalchemy import Connection, create_engine, text

from flaskblog import media, schema, transfer
from flaskblog.backups import BackupError, Proven
from flaskblog.database import now
from flaskblog.extensions import db, queue
from flaskblog.transfer import Progress

PATIENCE = 3  # seconds
RUNNING = "The site is running. Stop its processes first, then try again."


def restore(backup: Proven, progress: Progress = lambda _rows: None) -> str:
    """As `restore_as_it_was`, and brought up to date."""
    aside = restore_as_it_was(backup, progress)
    schema.migrate(db.engine, "head")
    return aside


def restore_as_it_was(backup: Proven, progress: Progress = lambda _rows: None) -> str:
    """Bring rows and pictures back; returns where the rows that were there are kept.

    Pictures that the backup does not know are left. Raises `BackupError` while the site runs.
    """
    require_stopped()
    store = media.store()
    there = {*store.names()}
    for name in backup.manifest.pictures.keys() - there:
        store.write(name, (backup.pictures / name).read_bytes())
    mark = f"before_restore_{now():%Y%m%d_%H%M%S}"
    if db.engine.dialect.name == "sqlite":
        aside = _replace_file(backup, mark)
    else:
        aside = _replace_schema(backup, mark, progress)
    db.engine.dispose()
    return aside


def require_stopped() -> None:
    """Raises `BackupError` when another process has the database open."""
    queue.storage.close()
    db.engine.dispose()
    if db.engine.dialect.name == "sqlite":
        _close_journal(_file())
        return
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    with db.engine.connect() as connection:
        # PostgreSQL takes its time to notice that somebody has gone.
        for _ in range(PATIENCE * 10):
            if not connection.scalar(others):
                return
            connection.rollback()  # what it counts stays the same within a transaction
            sleep(0.1)
    raise BackupError(RUNNING)


def _file() -> Path:
    return Path(str(db.engine.url.database))


def _close_journal(path: Path) -> None:
    """Bring the journal into the file; SQLite does so only where nobody else has it open."""
    if not path.exists():
        return
    connection = sqlite3.connect(path, timeout=1, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError:
        raise BackupError(RUNNING) from None
    except sqlite3.DatabaseError:
        return  # damaged: what it may be restored for
    finally:
        connection.close()


def _replace_file(backup: Proven, mark: str) -> str:
    path = _file()
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh, aside = path.with_suffix(".restoring"), path.with_suffix(f".{mark}{path.suffix}")
    shutil.copyfile(backup.database, fresh)
    with fresh.open("rb+") as file:
        os.fsync(file.fileno())
    if path.exists():
        os.link(path, aside)
    for journal in ("-wal", "-shm"):
        left = path.with_name(path.name + journal)
        if left.exists():
            left.replace(aside.with_name(aside.name + journal))
    fresh.replace(path)
    return str(aside)


def _replace_schema(backup: Proven, mark: str, progress: Progress) -> str:
    fresh = mark.replace("before_restore", "restoring")
    with db.engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {fresh}")
    try:
        _fill_schema(fresh, backup, progress)
        with db.engine.begin() as connection:
            _swap(connection, fresh, mark)
    except BaseException:
        with db.engine.begin() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {fresh} CASCADE")
        raise
    return f"the schema {mark}"


def _fill_schema(fresh: str, backup: Proven, progress: Progress) -> None:
    engine = create_engine(db.engine.url, connect_args={"options": f"-c search_path={fresh}"})
    source_engine = schema.open_engine(f"sqlite:///{backup.database}")
    try:
        schema.migrate(engine, backup.manifest.contents.revision)
        with transfer.snapshot(source_engine) as source, engine.begin() as target:
            read = transfer.copy(source, target, progress)
            found = transfer.read_again(target, read, progress)
            if differing := transfer.differences(read, found):
                raise BackupError(f"Nothing was restored. What differs: {', '.join(differing)}.")
        schema.survey(engine)
    finally:
        engine.dispose()
        source_engine.dispose()


def _swap(connection: Connection, fresh: str, mark: str) -> None:
    place = connection.scalar(text("SELECT quote_ident(current_schema())"))
    connection.exec_driver_sql(f"ALTER SCHEMA {place} RENAME TO {mark}")
    connection.exec_driver_sql(f"ALTER SCHEMA {fresh} RENAME TO {place}")
