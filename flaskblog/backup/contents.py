"""The database of an archive, which anyone may have made: read, and never trusted.

Tables and columns are those of our own schema; whatever else the file defines is not used.
"""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Table, create_engine, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool

from flaskblog.backup import transfer
from flaskblog.backup.errors import ArchiveError
from flaskblog.backup.transfer import Progress, Snapshot
from flaskblog.database import schema

SHOWN = 20  # names in a message


@dataclass(frozen=True)
class OwnSchema:
    """The tables of a revision, and the names of all that it defines."""

    tables: dict[str, Table]
    definitions: set[tuple[str, str]]


def own(revision: str, path: Path) -> OwnSchema:
    """Return what our migrations make, in a new SQLite file."""
    engine = schema.open_engine(f"sqlite:///{path}")
    try:
        schema.create_tables(engine, revision)
        with engine.connect() as connection:
            return OwnSchema(schema.tables(connection), _definitions(connection))
    finally:
        engine.dispose()


@contextmanager
def open_untrusted(path: Path) -> Iterator[Connection]:
    """Open a SQLite file without writing to it or running what it defines."""
    engine = create_engine("sqlite://", creator=partial(_connect, path), poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def check(path: Path, ours: OwnSchema, expected: Snapshot, progress: Progress) -> list[str]:
    """Compare a database with a manifest, and name what it holds besides our tables.

    Raises `ArchiveError`.
    """
    _check_names(ours, expected)
    try:
        with open_untrusted(path) as connection:
            ignored = _foreign_parts(connection, ours)
            result = connection.exec_driver_sql("PRAGMA integrity_check").scalar_one()
            orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            if result != "ok" or orphans:
                raise ArchiveError(f"Its database is damaged: {result}.")
            found = transfer.read_back(connection, ours.tables, expected, progress)
    except DatabaseError as error:
        raise ArchiveError(f"Its database is damaged: {error.orig}.") from None
    except (ValueError, TypeError, OverflowError) as error:
        raise ArchiveError(f"Its rows cannot be read: {error}.") from None
    if differing := transfer.differences(expected, found):
        raise ArchiveError(f"Its rows differ from its manifest: {_shown(differing)}.")
    return ignored


def _check_names(ours: OwnSchema, expected: Snapshot) -> None:
    """The manifest must list our tables, with columns that they have."""
    if differing := sorted(map(repr, ours.tables.keys() ^ expected.tables.keys())):
        raise ArchiveError(
            f"Its manifest and its revision have different tables: {_shown(differing)}."
        )
    for name, table in expected.tables.items():
        known = {*schema.writable_columns(ours.tables[name])}
        if not table.columns or not {*table.columns} <= known:
            raise ArchiveError(f"Its manifest lists unknown columns of the table {name}.")


def _foreign_parts(connection: Connection, ours: OwnSchema) -> list[str]:
    foreign = [
        f"the {kind} {name!r}" for kind, name in sorted(_definitions(connection) - ours.definitions)
    ]
    for table in ours.tables.values():
        columns = _columns(connection, table.name)
        stored = {name for name, hidden in columns.items() if not hidden}
        if missing := sorted({*schema.writable_columns(table)} - stored):
            raise ArchiveError(f"Its table {table.name} has no {_shown(missing)}.")
        foreign += [
            f"the {'generated ' * bool(hidden)}column {name!r} of {table.name}"
            for name, hidden in columns.items()
            if name not in table.columns
        ]
    return foreign


def _definitions(connection: Connection) -> set[tuple[str, str]]:
    rows = connection.execute(text("SELECT type, name FROM sqlite_master"))
    return {(str(row.type), str(row.name)) for row in rows}


def _columns(connection: Connection, table: str) -> dict[str, int]:
    query = text("SELECT name, hidden FROM pragma_table_xinfo(:table)")
    return {row.name: row.hidden for row in connection.execute(query, {"table": table})}


def _shown(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + " …" * (len(names) > SHOWN)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True, check_same_thread=False
    )
    for pragma in ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON"):
        connection.execute(f"PRAGMA {pragma}")
    if sys.version_info >= (3, 12):
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_ENABLE_TRIGGER, False)
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_ENABLE_VIEW, False)
    return connection
