"""What was sent and answered, and what the site has to show for it at the end."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from threading import Lock
from typing import NamedTuple

import httpx

NO_ANSWER = 0
LIMITED = 429
MAX_NOTES = 20


class Place(NamedTuple):
    """An address as everybody sees it, or as one reader does."""

    path: str
    reader: str = ""


class Expectation(NamedTuple):
    status: int
    text: str
    cookie: str

    def is_met_by(self, response: httpx.Response) -> bool:
        return response.status_code == self.status and self.text in response.text


class Traffic:
    """Counts of all threads; each place is written by one of them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.answers: defaultdict[str, Counter[int]] = defaultdict(Counter)
        self.wrong: Counter[int] = Counter()
        self.notes: list[str] = []
        self.acknowledged: dict[Place, Expectation] = {}

    def count(self, kind: str, status: int, *, is_right: bool, note: str) -> None:
        with self._lock:
            self.answers[kind][status] += 1
            if not is_right:
                self.wrong[status] += 1
                self.notes = [*self.notes, f"{kind}: {status}, {note}"][:MAX_NOTES]

    def __str__(self) -> str:
        """Return the number of requests by kind, with all hostile ones in one."""
        totals: Counter[str] = Counter()
        with self._lock:
            for kind, statuses in self.answers.items():
                totals[kind.partition(":")[0]] += statuses.total()
        return ", ".join(f"{kind} {total}" for kind, total in sorted(totals.items()))

    def has_succeeded(self, kind: str) -> bool:
        return any(NO_ANSWER < status < 400 for status in self.answers[kind])

    def table(self) -> Iterator[str]:
        """Return the counts of statuses by kind."""
        for kind, statuses in sorted(self.answers.items()):
            counts = "  ".join(
                f"{status or 'none'}: {statuses[status]}" for status in sorted(statuses)
            )
            yield f"{kind:40} {statuses.total():7}   {counts}"

    def expect(
        self, path: str, status: int = 200, *, text: str = "", reader: str = "", cookie: str = ""
    ) -> None:
        """Remember an acknowledged write: what `lost` reads there from now on."""
        self.acknowledged[Place(path, reader)] = Expectation(status, text, cookie)

    def lost(self, client: httpx.Client) -> list[str]:
        """Return the addresses that do not show what was acknowledged."""
        return [
            f"lost: {place.path} {place.reader}, expected {expected.status} {expected.text}"
            for place, expected in self.acknowledged.items()
            if not expected.is_met_by(client.get(place.path, headers={"Cookie": expected.cookie}))
        ]
