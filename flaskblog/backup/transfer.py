"""Copying and comparing all rows of two databases, whatever the engine of either."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Table, func, select

from flaskblog.backup.checksums import TableChecksum, TableHasher
from flaskblog.backup.sequences import counters, set_counters
from flaskblog.database import schema

BATCH = 1000
VERSION_TABLE = "alembic_version"

Progress = Callable[[int], object]


def no_progress(_rows: int) -> None:
    pass


class Snapshot(NamedTuple):
    """The content of a database, for comparison with another."""

    revision: str
    tables: dict[str, TableChecksum]
    counters: dict[str, int]

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())


@contextmanager
def snapshot_connection(engine: Engine) -> Iterator[Connection]:
    """A connection whose reads all see the same state of the database."""
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")
            connection.exec_driver_sql("SELECT 1 FROM sqlite_master")  # takes the snapshot
        else:
            connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        yield connection


def count_rows(connection: Connection) -> int:
    """Count the rows of all tables but Alembic's."""
    tables = [table for name, table in schema.tables(connection).items() if name != VERSION_TABLE]
    return sum(connection.scalar(select(func.count()).select_from(table)) or 0 for table in tables)


def copy(
    source: Connection, sources: Mapping[str, Table], target: Connection, progress: Progress
) -> Snapshot:
    """Copy every row to an empty database of the same revision; return what was read.

    Tables and columns that only one of the engines has are left out: the engine derives them.
    """
    if target.dialect.name == "sqlite":
        # A write-ahead log would hold every row a second time.
        target.exec_driver_sql("PRAGMA journal_mode = DELETE")
    targets = schema.tables(target)
    names = [name for name in sources if name in targets]
    for name in reversed(names):
        target.execute(targets[name].delete())  # rows that migrations inserted
    checksums = {
        name: _copy_table(source, target, sources[name], targets[name], progress) for name in names
    }
    numbers = counters(source, list(sources.values()))
    set_counters(target, list(targets.values()), numbers)
    return Snapshot(_revision(source), checksums, numbers)


def read_back(
    connection: Connection, tables: Mapping[str, Table], expected: Snapshot, progress: Progress
) -> Snapshot:
    """Read the tables and columns of `expected` in another database."""
    checksums = {}
    for name, table in expected.tables.items():
        hasher = TableHasher(table.columns)
        for rows in _batches(connection, tables[name], table.columns):
            hasher.add(rows)
            progress(len(rows))
        checksums[name] = hasher.result
    numbers = counters(connection, list(tables.values()))
    return Snapshot(_revision(connection), checksums, numbers)


def differences(expected: Snapshot, found: Snapshot) -> list[str]:
    """Name the differences; a counter may be higher, or missing where the engine has none."""
    differing = [name for name, table in expected.tables.items() if found.tables[name] != table]
    differing += [
        f"{name} (its next number)"
        for name, number in expected.counters.items()
        if found.counters.get(name, number) < number
    ]
    return differing + ["the revision"] * (expected.revision != found.revision)


def _copy_table(
    source: Connection, target: Connection, read: Table, written: Table, progress: Progress
) -> TableChecksum:
    columns = sorted({*schema.writable_columns(read)} & {*schema.writable_columns(written)})
    hasher = TableHasher(columns)
    for rows in _batches(source, read, columns):
        hasher.add(rows)
        target.execute(written.insert(), [dict(row._mapping) for row in rows])
        progress(len(rows))
    return hasher.result


def _batches(connection: Connection, table: Table, columns: Sequence[str]) -> Iterator[Any]:
    """Stream the rows with a server-side cursor, in the order of the primary key."""
    query = select(*(table.c[name] for name in columns))
    ordered = query.order_by(*schema.primary_key_order(table, connection))
    result = connection.execute(ordered, execution_options={"yield_per": BATCH})
    yield from result.partitions()


def _revision(connection: Connection) -> str:
    return schema.current_revision(connection) or ""
