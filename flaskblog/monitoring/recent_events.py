"""Counts of rare events of the last hour, stored beside the queue and not in the site's database.

Simultaneous events may be counted once.
"""

from collections import Counter
from datetime import datetime, timedelta

from flaskblog.database.base import now
from flaskblog.extensions import queue

RECENT = timedelta(hours=1)
MAX_KEPT = 1000  # events


class RecentEvents:
    def __init__(self, key: str) -> None:
        self.key = key

    def record(self, name: str) -> None:
        queue.put(self.key, [*self._recent(), (name, now())][-MAX_KEPT:])

    def counts(self) -> Counter[str]:
        """Return how often each event happened within an hour."""
        return Counter(name for name, _time in self._recent())

    def _recent(self) -> list[tuple[str, datetime]]:
        kept: list[tuple[str, datetime]] = queue.get(self.key, peek=True) or []
        return [(name, time) for name, time in kept if now() - time < RECENT]


# By the name of the process that the supervisor started again.
restarts = RecentEvents("restarts")
# By the endpoint of the request that failed with 500.
server_errors = RecentEvents("server-errors")
