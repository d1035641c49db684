"""SQLite connections: write-ahead log, durable commits, and a fair wait for the write lock."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, Self

from sqlalchemy import Connection, Dialect, Engine, event, text

BUSY_TIMEOUT = 10  # seconds
_POLL_INTERVAL = 0.0005  # seconds
_write_lock = Lock()


class _Cursor(sqlite3.Cursor):
    """Polls for SQLite's write lock, one thread at a time.

    SQLite's own busy handler sleeps up to 100 ms between attempts, so that waiting writers starve.
    """

    def execute(self, statement: str, parameters: Any = ()) -> Self:
        self._begin_immediate(statement)
        return super().execute(statement, parameters)

    def executemany(self, statement: str, parameters: Any) -> Self:
        self._begin_immediate(statement)
        return super().executemany(statement, parameters)

    def _begin_immediate(self, statement: str) -> None:
        connection = self.connection
        if (
            not statement.startswith(("INSERT", "UPDATE", "DELETE"))
            or connection.in_transaction
            or connection.isolation_level != "IMMEDIATE"
        ):
            return
        patience = BUSY_TIMEOUT if getattr(connection, "waits_for_lock", True) else 0
        deadline = time.monotonic() + patience
        if not _write_lock.acquire(timeout=patience):
            raise sqlite3.OperationalError("database is locked")
        try:
            connection.execute("PRAGMA busy_timeout = 0")
            _retry_while_locked(connection, "BEGIN IMMEDIATE", deadline)
        finally:
            connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT * 1000}")
            _write_lock.release()


class _Connection(sqlite3.Connection):
    waits_for_lock = True

    def cursor(self, factory: Any = _Cursor) -> Any:
        return super().cursor(factory)


@contextmanager
def begin_without_waiting(engine: Engine) -> Iterator[Connection]:
    """Begin a transaction that fails, also on PostgreSQL, instead of waiting for a lock."""
    with engine.begin() as connection:
        opened: Any = connection.connection.dbapi_connection
        if not isinstance(opened, _Connection):
            connection.execute(text("SET LOCAL lock_timeout = '10ms'"))
            yield connection
            return
        opened.waits_for_lock = False
        try:
            yield connection
        finally:
            opened.waits_for_lock = True


# A listener for before_cursor_execute would take longer than some statements do.
@event.listens_for(Engine, "do_connect")
def _set_connection_class(
    dialect: Dialect, _record: Any, _args: Any, options: dict[str, Any]
) -> None:
    if dialect.name == "sqlite":
        options["factory"] = _Connection


@event.listens_for(Engine, "connect")
def _set_pragmas(connection: Any, _record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        # SQLite does not wait for a lock when it changes the mode of a new file.
        _retry_while_locked(
            connection, "PRAGMA journal_mode = WAL", time.monotonic() + BUSY_TIMEOUT
        )
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        # KiB for each thread; the operating system caches the file for all processes.
        connection.execute("PRAGMA cache_size = -500")


def _retry_while_locked(connection: sqlite3.Connection, statement: str, deadline: float) -> None:
    while True:
        try:
            connection.execute(statement)
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(_POLL_INTERVAL)
