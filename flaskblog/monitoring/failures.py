"""Whether the last nightly backup failed, noted beside the queue by the worker."""

from flaskblog.database.base import now
from flaskblog.extensions import queue

KEY = "backup-failed-at"


def record_failed_backup() -> None:
    queue.put(KEY, now())


def forget_failed_backup() -> None:
    queue.get(KEY)  # which removes it


def has_failed_backup() -> bool:
    return queue.get(KEY, peek=True) is not None
