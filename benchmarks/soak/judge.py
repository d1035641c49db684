"""What a running site uses, and the judgement of a soak test."""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from benchmarks import servers
from benchmarks.soak.traffic import LIMITED, NO_ANSWER, Traffic

MAX_GROWTH = 20  # MiB
# A pool opens its connections when it first needs them all, and SQLite closes a file later while
# another connection holds a lock on it. What leaks with requests leaks by the hundred.
POOL_FILES, POOL_SOCKETS = 8, 4
GUESS = "hostile: guess"
ERRORS = {"error", "critical"}


class Usage(NamedTuple):
    """Of the start command and its descendants, by /proc."""

    memory: float  # MiB
    threads: int
    files: int
    connections: int  # sockets of any kind
    processes: frozenset[int]

    def __str__(self) -> str:
        return (
            f"{self.memory:.1f} MiB, {self.threads} threads, {self.files} files, "
            f"{self.connections} sockets"
        )


class Check(NamedTuple):
    name: str
    found: float
    allowed: float = 0

    @property
    def has_failed(self) -> bool:
        return self.found > self.allowed


def usage(start: int) -> Usage:
    pids = [start, *servers.descendants(start)]
    targets = [target for pid in pids for target in _open_files(pid)]
    connections = sum(target.startswith("socket:") for target in targets)
    return Usage(
        servers.memory(start).everything,
        sum(len([*Path(f"/proc/{pid}/task").iterdir()]) for pid in pids),
        len(targets) - connections,
        connections,
        frozenset(pids),
    )


def errors(log: Iterable[str]) -> list[str]:
    """Return the lines of a JSON log that are errors, or no log lines, as of a crash."""
    return [line for line in log if line.strip() and _level(line) in {*ERRORS, None}]


def checks(
    before: Usage,
    after: Usage,
    traffic: Traffic,
    kinds: list[str],
    lost: list[str],
    log_errors: list[str],
) -> list[Check]:
    wrong = traffic.wrong
    fives = sum(count for status, count in wrong.items() if status >= 500)
    return [
        Check("5xx", fives),
        Check("requests without an answer", wrong[NO_ANSWER]),
        Check("other unexpected answers", wrong.total() - fives - wrong[NO_ANSWER]),
        Check("kinds without success", sum(not traffic.has_succeeded(kind) for kind in kinds)),
        Check("guesses never limited", not traffic.answers[GUESS][LIMITED]),
        Check("acknowledged writes lost", len(lost)),
        Check("growth of memory, MiB", after.memory - before.memory, MAX_GROWTH),
        Check("growth of threads", after.threads - before.threads),
        Check("growth of open files", after.files - before.files, POOL_FILES),
        Check("growth of sockets", after.connections - before.connections, POOL_SOCKETS),
        Check("processes ended or added", len(after.processes ^ before.processes)),
        Check("errors in the log", len(log_errors)),
    ]


def table(judged: list[Check]) -> Iterator[str]:
    yield f"{'':30} {'found':>8} {'allowed':>8}"
    for check in judged:
        verdict = "FAILED" if check.has_failed else ""
        yield f"{check.name:30} {check.found:8.4g} {check.allowed:8.4g}  {verdict}".rstrip()


def _open_files(pid: int) -> Iterator[str]:
    """Yield what is open; a file may be closed while this is read."""
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            yield str(descriptor.readlink())


def _level(line: str) -> str | None:
    try:
        return str(json.loads(line)["level"])
    except (ValueError, KeyError, TypeError):
        return None
