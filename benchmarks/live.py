"""Live use: readers and writers at the pace of people."""

from statistics import median
from typing import NamedTuple

from benchmarks.load import Request, Result, finish, run, start
from benchmarks.member import Member
from benchmarks.scenarios import new_post

READERS, WRITERS = 200, 5
READ_INTERVAL, WRITE_INTERVAL = 2000, 1000  # milliseconds between two requests of a person
PARTS = 4
WARM_UP = 5  # seconds


class LiveUse(NamedTuple):
    """Results of alternating parts: readers alone, readers beside writers, and these writers."""

    alone: list[Result]
    beside: list[Result]
    writers: list[Result]

    @property
    def p99_alone(self) -> float:
        return median(result.p99 for result in self.alone)

    @property
    def p99_beside(self) -> float:
        return median(result.p99 for result in self.beside)

    @property
    def errors(self) -> int:
        return sum(result.errors for results in self for result in results)

    @property
    def posts(self) -> int:
        return sum(result.requests for result in self.writers)

    @property
    def p99_writing(self) -> float:
        return median(result.p99 for result in self.writers)


def live_use(site: str, member: Member, seconds: int) -> LiveUse:
    """Measure readers alone for so many seconds, and as long beside writers."""
    reading, each = Request("/", pause=READ_INTERVAL), max(1, seconds // PARTS)
    run(site, reading, seconds=WARM_UP, connections=READERS)
    found = LiveUse([], [], [])
    for _ in range(PARTS):
        found.alone.append(run(site, reading, seconds=each, connections=READERS))
        writers = start(site, new_post(member, WRITE_INTERVAL), seconds=each, connections=WRITERS)
        found.beside.append(run(site, reading, seconds=each, connections=READERS))
        found.writers.append(finish(writers))
    return found
