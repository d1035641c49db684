"""SQLite connections: write-ahead log, durable commits, and a fair wait for the write lock."""

import sqlite3
import time
from threading import Lock
from typing import Any, Self

from sqlalchemy import Dialect, Engine, event

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
        deadline = time.monotonic() + BUSY_TIMEOUT
        with _write_lock:
            connection.execute("PRAGMA busy_timeout = 0")
            try:
                _retry_while_locked(connection, "BEGIN IMMEDIATE", deadline)
            finally:
                connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT * 1000}")


class _Connection(sqlite3.Connection):
    def cursor(self, factory: Any = _Cursor) -> Any:
        return super().cursor(factory)


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
