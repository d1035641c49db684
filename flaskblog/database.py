"""What every table shares: constraint names, aware UTC times, and how SQLite is opened."""

import sqlite3
import time
from datetime import UTC, datetime
from threading import Lock
from typing import Any, ClassVar, Self

from sqlalchemy import BigInteger, DateTime, Dialect, Engine, Integer, MetaData, event
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

LARGEST_ID = 2**63 - 1
# PostgreSQL's advisory lock of those who make tables; any number that nothing else here takes.
STARTING_LOCK = 0x666C61736B626C6F
PATIENCE = 10  # seconds that SQLite waits for another's lock
_GLANCE = 0.0005  # seconds from one look at that lock to the next
_next_writer = Lock()


class UTCDateTime(TypeDecorator[datetime]):
    """An aware time, stored and returned in UTC on every engine.

    Raises `ValueError` for a naive time, whose zone nobody knows.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite counts rows with INTEGER keys alone, which are 64 bits wide there.
Identity = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {datetime: UTCDateTime}


def now() -> datetime:
    return datetime.now(UTC)


class _Cursor(sqlite3.Cursor):
    """Waits for SQLite's one lock of writers with less sleep than SQLite, and so more fairly."""

    def execute(self, statement: str, parameters: Any = ()) -> Self:
        self._begin_to_write(statement)
        return super().execute(statement, parameters)

    def executemany(self, statement: str, parameters: Any) -> Self:
        self._begin_to_write(statement)
        return super().executemany(statement, parameters)

    def _begin_to_write(self, statement: str) -> None:
        connection = self.connection
        if (
            not statement.startswith(("INSERT", "UPDATE", "DELETE"))
            or connection.in_transaction
            or connection.isolation_level != "IMMEDIATE"
        ):
            return
        give_up_at = time.monotonic() + PATIENCE
        with _next_writer:
            connection.execute("PRAGMA busy_timeout = 0")
            try:
                _when_free(connection, "BEGIN IMMEDIATE", give_up_at)
            finally:
                connection.execute(f"PRAGMA busy_timeout = {PATIENCE * 1000}")


class _Connection(sqlite3.Connection):
    def cursor(self, factory: Any = _Cursor) -> Any:
        return super().cursor(factory)


# Not at SQLAlchemy's own event before each statement, which takes longer than some statements.
@event.listens_for(Engine, "do_connect")
def _choose_connection(dialect: Dialect, _record: Any, _args: Any, options: dict[str, Any]) -> None:
    if dialect.name == "sqlite":
        options["factory"] = _Connection


@event.listens_for(Engine, "connect")
def _open_sqlite(connection: Any, _record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        # Where a new file goes over to this mode, SQLite itself does not wait for others.
        _when_free(connection, "PRAGMA journal_mode = WAL", time.monotonic() + PATIENCE)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        # Each thread has such a cache; the system has one of the file, for all processes.
        connection.execute("PRAGMA cache_size = -500")


def _when_free(connection: sqlite3.Connection, statement: str, give_up_at: float) -> None:
    while True:
        try:
            connection.execute(statement)
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up_at:
                raise
        time.sleep(_GLANCE)
