"""Which number a new row gets: no number is ever given twice, on either engine."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, Table, cast, func, select, text
from sqlalchemy.dialects.postgresql import REGCLASS


def counters(connection: Connection, tables: Iterable[Table]) -> dict[str, int]:
    """The highest number that each table ever gave, for the tables whose engine keeps it."""
    if connection.dialect.name == "sqlite":
        if not _has_counters(connection):
            return {}
        found = connection.execute(text("SELECT name, seq FROM sqlite_sequence WHERE seq > 0"))
        return {row.name: row.seq for row in found}
    return {
        table.name: number
        for table in tables
        if (sequence := _sequence(connection, table)) and (number := _last(connection, sequence))
    }


def set_counters(
    connection: Connection, tables: Iterable[Table], counted: Mapping[str, int]
) -> None:
    """Go on where another database stood, and never below the rows that are there."""
    for table in tables:
        number = max(counted.get(table.name, 0), _highest(connection, table))
        if not number:
            continue
        if connection.dialect.name == "sqlite":
            _set_on_sqlite(connection, table, number)
        elif sequence := _sequence(connection, table):
            connection.execute(select(func.setval(sequence, number)))


def _set_on_sqlite(connection: Connection, table: Table, number: int) -> None:
    if not _has_counters(connection) or "AUTOINCREMENT" not in _definition(connection, table):
        return
    values = {"name": table.name, "number": number}
    connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), values)
    connection.execute(text("INSERT INTO sqlite_sequence VALUES (:name, :number)"), values)


def _has_counters(connection: Connection) -> bool:
    found = text("SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_sequence'")
    return bool(connection.scalar(found))


def _definition(connection: Connection, table: Table) -> str:
    found = text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name")
    return str(connection.scalar(found, {"name": table.name}))


def _sequence(connection: Connection, table: Table) -> str | None:
    """PostgreSQL's own name of what counts a table's rows."""
    if "id" not in table.columns:
        return None
    name = connection.dialect.identifier_preparer.quote(table.name)
    return connection.scalar(select(func.pg_get_serial_sequence(name, "id")))


def _last(connection: Connection, sequence: str) -> int:
    # Nothing where none was given yet.
    return connection.scalar(select(func.pg_sequence_last_value(cast(sequence, REGCLASS)))) or 0


def _highest(connection: Connection, table: Table) -> int:
    if "id" not in table.columns:
        return 0
    return connection.scalar(select(func.max(table.c.id))) or 0
