"""The worker's sign of life, kept beside its queue: the database of the site stays untouched."""

from datetime import datetime

from flaskblog.database import now
from flaskblog.extensions import queue

KEY = "worker-seen-at"


def beat() -> None:
    queue.put(KEY, now())


def last_beat() -> datetime | None:
    """When a worker last took a task from the queue, or began; `None` if none ever did."""
    seen: datetime | None = queue.get(KEY, peek=True)
    return seen
