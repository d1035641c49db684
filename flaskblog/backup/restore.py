"""Replacing the site's database by a backup, in one atomic step, and keeping the previous one."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import sleep

from sqlalchemy import Connection, Engine, create_engine, text

from flaskblog.backup import contents, marker, scratch, space, transfer
from flaskblog.backup.backups import VerifiedBackup
from flaskblog.backup.errors import BackupError
from flaskblog.backup.transfer import Progress, no_progress
from flaskblog.database import schema
from flaskblog.database.base import now
from flaskblog.extensions import db, queue
from flaskblog.media import pictures

DISCONNECT_TIMEOUT = 3  # seconds
NEW_SUFFIX = ".restoring"
NEW_SCHEMA = "restoring_"
JOURNALS = ("-journal", "-wal", "-shm")
SITE_RUNNING = "The site is running. Stop its processes first, then try again."


def restore_and_upgrade(backup: VerifiedBackup, progress: Progress = no_progress) -> str:
    """As `restore_at_its_revision`, with the database migrated to the current revision."""
    return _restore(backup, "head", progress)


def restore_at_its_revision(backup: VerifiedBackup, progress: Progress = no_progress) -> str:
    """Restore rows and pictures, and return the location of the previous rows.

    Pictures that are not in the backup stay. Raises `BackupError` while the site runs.
    """
    return _restore(backup, backup.manifest.snapshot.revision, progress)


def _restore(backup: VerifiedBackup, revision: str, progress: Progress) -> str:
    require_stopped()
    store = pictures.store()
    existing = {*store.names()}
    for name in backup.manifest.pictures.keys() - existing:
        store.write(name, (backup.pictures / name).read_bytes())
    label = f"before_restore_{now():%Y%m%d_%H%M%S}"
    if db.engine.dialect.name == "sqlite":
        previous = _replace_file(backup, revision, label, progress)
    else:
        previous = _replace_schema(backup, revision, label, progress)
    db.engine.dispose()
    return previous


@contextmanager
def stopped_site() -> Iterator[None]:
    """Keep out other commands that replace the database. Raises `BackupError` if the site runs."""
    disconnect()
    with scratch.locked(marker.path().parent):
        require_stopped()
        yield


def disconnect() -> None:
    queue.storage.close()
    db.engine.dispose()


def require_stopped() -> None:
    """Raises `BackupError` when another process has the database open."""
    disconnect()
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
    connection = sqlite3.connect(path, timeout=0.1, isolation_level=None)
    try:
        # Another upgrade has it open for a moment, before it waits for this one.
        for _ in range(DISCONNECT_TIMEOUT * 10):
            with suppress(sqlite3.OperationalError):
                connection.execute("PRAGMA journal_mode = DELETE")
                return
            sleep(0.1)
    except sqlite3.DatabaseError:
        return  # A damaged database may be replaced, too.
    finally:
        connection.close()
    raise BackupError(SITE_RUNNING)


def _replace_file(backup: VerifiedBackup, revision: str, label: str, progress: Progress) -> str:
    path = _database_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    space.require(backup.database.stat().st_size, path.parent)
    new, previous = path.with_suffix(NEW_SUFFIX), path.with_suffix(f".{label}{path.suffix}")
    remove_database(new)
    try:
        _fill(schema.open_engine(f"sqlite:///{new}"), backup, revision, progress)
        with new.open("rb+") as file:
            os.fsync(file.fileno())
        require_stopped()
        _swap_files(new, path, previous)
    finally:
        remove_database(new)
    return str(previous)


def _swap_files(new: Path, path: Path, previous: Path) -> None:
    if path.exists():
        os.link(path, previous)
    for journal in JOURNALS:
        source = path.with_name(path.name + journal)
        if source.exists():
            source.replace(previous.with_name(previous.name + journal))
    new.replace(path)
    marker.sync_folder(path.parent)


def remove_database(path: Path) -> None:
    for suffix in ("", *JOURNALS):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _replace_schema(backup: VerifiedBackup, revision: str, label: str, progress: Progress) -> str:
    new = label.replace("before_restore_", NEW_SCHEMA)
    with db.engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {new}")
    try:
        options = {"options": f"-c search_path={new}"}
        _fill(create_engine(db.engine.url, connect_args=options), backup, revision, progress)
        require_stopped()
        with db.engine.begin() as connection:
            _swap(connection, new, label)
    except BaseException:
        with db.engine.begin() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {new} CASCADE")
        raise
    return f"the schema {label}"


def _fill(engine: Engine, backup: VerifiedBackup, revision: str, progress: Progress) -> None:
    """Make our own tables, copy the rows of the backup, and migrate to the revision."""
    try:
        schema.create_tables(engine, backup.manifest.snapshot.revision)
        with contents.open_untrusted(backup.database) as source, engine.begin() as target:
            read = transfer.copy(source, backup.tables, target, progress)
            found = transfer.read_back(target, schema.tables(target), read, progress)
            if differing := transfer.differences(read, found):
                raise BackupError(f"These differ: {', '.join(differing)}.")
        schema.migrate(engine, revision)
        schema.analyze(engine)
    finally:
        engine.dispose()


def _swap(connection: Connection, new: str, label: str) -> None:
    current = connection.scalar(text("SELECT quote_ident(current_schema())"))
    connection.exec_driver_sql(f"ALTER SCHEMA {current} RENAME TO {label}")
    connection.exec_driver_sql(f"ALTER SCHEMA {new} RENAME TO {current}")
