"""Rows on their way from one database to another, whatever the engine of either."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Table, func, select

from flaskblog import schema
from flaskblog.checksums import Summer, TableSum
from flaskblog.sequences import counters, set_counters

BATCH = 1000
VERSION_TABLE = "alembic_version"

Progress = Callable[[int], object]


class Contents(NamedTuple):
    """What a database holds, to compare it with another."""

    revision: str
    tables: dict[str, TableSum]
    counters: dict[str, int]

    @property
    def rows(self) -> int:
        return sum(total.rows for total in self.tables.values())


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection to which the database stands still, while others write."""
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")
            connection.exec_driver_sql("SELECT 1 FROM sqlite_master")  # here it begins to stand
        else:
            connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        yield connection


def count_rows(connection: Connection) -> int:
    """Of the site; the one that names the revision is none of them."""
    tables = [table for name, table in schema.tables(connection).items() if name != VERSION_TABLE]
    return sum(connection.scalar(select(func.count()).select_from(table)) or 0 for table in tables)


def copy(source: Connection, target: Connection, progress: Progress) -> Contents:
    """Every row to a database of the same revision, which has none; returns what was read.

    What only one of two engines has is left: it is derived from the rest.
    """
    sources, targets = schema.tables(source), schema.tables(target)
    names = [name for name in sources if name in targets]
    for name in reversed(names):
        target.execute(targets[name].delete())  # what migrations put there
    sums = {
        name: _copy_table(source, target, sources[name], targets[name], progress) for name in names
    }
    counted = counters(source, list(sources.values()))
    set_counters(target, list(targets.values()), counted)
    return Contents(_revision(source), sums, counted)


def read_again(connection: Connection, expected: Contents, progress: Progress) -> Contents:
    """What a database holds of what another one held."""
    tables = schema.tables(connection)
    sums = {}
    for name, total in expected.tables.items():
        summer = Summer(total.columns)
        for rows in _batches(connection, tables[name], total.columns):
            summer.add(rows)
            progress(len(rows))
        sums[name] = summer.total
    return Contents(_revision(connection), sums, counters(connection, list(tables.values())))


def differences(expected: Contents, found: Contents) -> list[str]:
    """The names of what differs; an engine that does not count for a table is not blamed."""
    differing = [name for name, total in expected.tables.items() if found.tables[name] != total]
    differing += [
        f"{name} (its next number)"
        for name, number in expected.counters.items()
        if found.counters.get(name, number) < number
    ]
    return differing + ["the revision"] * (expected.revision != found.revision)


def _copy_table(
    source: Connection, target: Connection, read: Table, written: Table, progress: Progress
) -> TableSum:
    both = {*schema.stored(read)} & {*schema.stored(written)}
    columns = sorted(both)
    summer = Summer(columns)
    for rows in _batches(source, read, columns):
        summer.add(rows)
        target.execute(written.insert(), [dict(row._mapping) for row in rows])
        progress(len(rows))
    return summer.total


def _batches(connection: Connection, table: Table, columns: Sequence[str]) -> Iterator[Any]:
    """Held on the server, and never more than one of them here."""
    query = select(*(table.c[name] for name in columns))
    ordered = query.order_by(*schema.in_key_order(table, connection))
    result = connection.execute(ordered, execution_options={"yield_per": BATCH})
    yield from result.partitions()


def _revision(connection: Connection) -> str:
    return schema.revision_of(connection) or ""
