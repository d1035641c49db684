"""The worker's heartbeat, stored beside its queue and not in the site's database."""

from datetime import datetime

from flaskblog.database.base import now
from flaskblog.extensions import queue
from flaskblog.monitoring import memory

KEY = "worker-seen-at"


def record() -> None:
    queue.put(KEY, now())
    memory.record_worker()


def last_seen() -> datetime | None:
    seen_at: datetime | None = queue.get(KEY, peek=True)
    return seen_at
