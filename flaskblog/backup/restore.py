"""Replacing the site's database by a backup, in one atomic step, and keeping the previous one."""

import os
import shutil
import sqlite3
from pathlib import Path
from time import sleep

from sqlalchemy import Connection, create_engine, text

from flaskblog.backup import transfer
from flaskblog.backup.backups import BackupError, VerifiedBackup
from flaskblog.backup.transfer import Progress, no_progress
from flaskblog.database import schema
from flaskblog.database.base import now
from flaskblog.extensions import db, queue
from flaskblog.media import pictures

DISCONNECT_TIMEOUT = 3  # seconds
SITE_RUNNING = "The site is running. Stop its processes first, then try again."


def restore_and_upgrade(backup: VerifiedBackup, progress: Progress = no_progress) -> str:
    """As `restore_at_its_revision`, and migrate the database to the current revision."""
    previous = restore_at_its_revision(backup, progress)
    schema.migrate(db.engine, "head")
    return previous


def restore_at_its_revision(backup: VerifiedBackup, progress: Progress = no_progress) -> str:
    """Restore rows and pictures, and return the location of the previous rows.

    Pictures that are not in the backup stay. Raises `BackupError` while the site runs.
    """
    require_stopped()
    store = pictures.store()
    existing = {*store.names()}
    for name in backup.manifest.pictures.keys() - existing:
        store.write(name, (backup.pictures / name).read_bytes())
    label = f"before_restore_{now():%Y%m%d_%H%M%S}"
    if db.engine.dialect.name == "sqlite":
        previous = _replace_file(backup, label)
    else:
        previous = _replace_schema(backup, label, progress)
    db.engine.dispose()
    return previous


def require_stopped() -> None:
    """Raises `BackupError` when another process has the database open."""
    queue.storage.close()
    db.engine.dispose()
    if db.engine.dialect.name == "sqlite":
        _checkpoint(_database_file())
        return
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    with db.engine.connect() as connection:
        # PostgreSQL lists a connection for a moment after it was closed.
        for _ in range(DISCONNECT_TIMEOUT * 10):
            if not connection.scalar(others):
                return
            connection.rollback()  # the view does not change within a transaction
            sleep(0.1)
    raise BackupError(SITE_RUNNING)


def _database_file() -> Path:
    return Path(str(db.engine.url.database))


def _checkpoint(path: Path) -> None:
    """Write the WAL into the file, which SQLite does only when no other process has it open."""
    if not path.exists():
        return
    connection = sqlite3.connect(path, timeout=1, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError:
        raise BackupError(SITE_RUNNING) from None
    except sqlite3.DatabaseError:
        return  # A damaged database may be replaced, too.
    finally:
        connection.close()


def _replace_file(backup: VerifiedBackup, label: str) -> str:
    path = _database_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    new, previous = path.with_suffix(".restoring"), path.with_suffix(f".{label}{path.suffix}")
    shutil.copyfile(backup.database, new)
    with new.open("rb+") as file:
        os.fsync(file.fileno())
    if path.exists():
        os.link(path, previous)
    for journal in ("-wal", "-shm"):
        source = path.with_name(path.name + journal)
        if source.exists():
            source.replace(previous.with_name(previous.name + journal))
    new.replace(path)
    return str(previous)


def _replace_schema(backup: VerifiedBackup, label: str, progress: Progress) -> str:
    new = label.replace("before_restore", "restoring")
    with db.engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {new}")
    try:
        _fill_schema(new, backup, progress)
        with db.engine.begin() as connection:
            _swap(connection, new, label)
    except BaseException:
        with db.engine.begin() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {new} CASCADE")
        raise
    return f"the schema {label}"


def _fill_schema(new: str, backup: VerifiedBackup, progress: Progress) -> None:
    engine = create_engine(db.engine.url, connect_args={"options": f"-c search_path={new}"})
    source_engine = schema.open_engine(f"sqlite:///{backup.database}")
    try:
        schema.create_tables(engine, backup.manifest.snapshot.revision)
        with transfer.snapshot_connection(source_engine) as source, engine.begin() as target:
            read = transfer.copy(source, target, progress)
            found = transfer.read_back(target, read, progress)
            if differing := transfer.differences(read, found):
                raise BackupError(f"Nothing was restored. These differ: {', '.join(differing)}.")
        schema.analyze(engine)
    finally:
        engine.dispose()
        source_engine.dispose()


def _swap(connection: Connection, new: str, label: str) -> None:
    current = connection.scalar(text("SELECT quote_ident(current_schema())"))
    connection.exec_driver_sql(f"ALTER SCHEMA {current} RENAME TO {label}")
    connection.exec_driver_sql(f"ALTER SCHEMA {new} RENAME TO {current}")
