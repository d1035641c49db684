"""When processes of the site were started again, stored beside the queue for a day."""

from collections import Counter
from datetime import datetime, timedelta

from flaskblog.database.base import now
from flaskblog.extensions import queue

KEY = "restarts"
RECENT = timedelta(hours=1)
KEPT = timedelta(days=1)
# A process that ends at once is started again each minute.
MAX_KEPT = 2000

Restarts = list[tuple[str, datetime]]


def record(name: str) -> None:
    kept = [(other, time) for other, time in _all() if now() - time < KEPT]
    queue.put(KEY, [*kept, (name, now())][-MAX_KEPT:])


def recent() -> Counter[str]:
    """Return how often each process was started again within an hour."""
    return Counter(name for name, time in _all() if now() - time < RECENT)


def _all() -> Restarts:
    found: Restarts | None = queue.get(KEY, peek=True)
    return found or []
