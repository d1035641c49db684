"""Checksums of tables that are the same on every engine."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple


class TableChecksum(NamedTuple):
    """The number of rows, and the SHA-256 of these columns in the order of the primary key."""

    rows: int
    checksum: str
    columns: Sequence[str]


class TableHasher:
    """Hashes rows that are added in the order of their primary key."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = tuple(columns)
        self._rows = 0
        self._hash = sha256()

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        for row in rows:
            self._hash.update(canonical(row))
            self._rows += 1

    @property
    def result(self) -> TableChecksum:
        return TableChecksum(self._rows, self._hash.hexdigest(), self._columns)


def canonical(row: Sequence[Any]) -> bytes:
    """Return a row as a line of compact JSON, with times in UTC to the microsecond."""
    line = json.dumps(
        list(row), ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=_as_text
    )
    return line.encode() + b"\n"


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"no canonical form for {type(value).__name__}")
