"""The counters of primary keys: no id is used twice, also after a copy to another engine."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, Table, cast, func, select, text
from sqlalchemy.dialects.postgresql import REGCLASS


def counters(connection: Connection, tables: Iterable[Table]) -> dict[str, int]:
    """Return the highest id ever used in each table, where the engine records it."""
    if connection.dialect.name == "sqlite":
        if not _has_counters(connection):
            return {}
        rows = connection.execute(text("SELECT name, seq FROM sqlite_sequence WHERE seq > 0"))
        return {row.name: row.seq for row in rows}
    return {
        table.name: number
        for table in tables
        if (sequence := _sequence(connection, table))
        and (number := _last_value(connection, sequence))
    }


def set_counters(
    connection: Connection, tables: Iterable[Table], numbers: Mapping[str, int]
) -> None:
    """Set each counter to another database's, or to the highest id where that is higher."""
    for table in tables:
        number = max(numbers.get(table.name, 0), _highest_id(connection, table))
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
    query = text("SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_sequence'")
    return bool(connection.scalar(query))


def _definition(connection: Connection, table: Table) -> str:
    query = text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name")
    return str(connection.scalar(query, {"name": table.name}))


def _sequence(connection: Connection, table: Table) -> str | None:
    """Return the name of the PostgreSQL sequence behind the column `id`, or None."""
    if "id" not in table.columns:
        return None
    name = connection.dialect.identifier_preparer.quote(table.name)
    return connection.scalar(select(func.pg_get_serial_sequence(name, "id")))


def _last_value(connection: Connection, sequence: str) -> int:
    # NULL before the first use.
    return connection.scalar(select(func.pg_sequence_last_value(cast(sequence, REGCLASS)))) or 0


def _highest_id(connection: Connection, table: Table) -> int:
    if "id" not in table.columns:
        return 0
    return connection.scalar(select(func.max(table.c.id))) or 0
