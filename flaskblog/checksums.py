"""What a table holds, as one number that is the same on every engine."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple


class TableSum(NamedTuple):
    """How many rows a table has, and the SHA-256 of these columns of them in the order of keys."""

    rows: int
    checksum: str
    columns: Sequence[str]


class Summer:
    """Adds up rows as they pass, in the order of their keys."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = tuple(columns)
        self._rows = 0
        self._hash = sha256()

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        for row in rows:
            self._hash.update(canonical(row))
            self._rows += 1

    @property
    def total(self) -> TableSum:
        return TableSum(self._rows, self._hash.hexdigest(), self._columns)


def canonical(row: Sequence[Any]) -> bytes:
    """One line of JSON; a time is in UTC and to the microsecond, a float as short as it can be."""
    line = json.dumps(
        list(row), ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=_as_text
    )
    return line.encode() + b"\n"


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"a {type(value).__name__} has no canonical form yet")
