"""What the checks of an installation look at."""

from collections import namedtuple
from datetime import timedelta
from pathlib import Path

from flaskblog.database.base import now

DiskUsage = namedtuple("DiskUsage", ["total", "used", "free"])


def make_backup(folder: Path, age: timedelta = timedelta()) -> None:
    """An empty file: only its name is read."""
    (folder / f"flaskblog-{now() - age:%Y%m%dT%H%M%SZ}.tar.gz").touch(mode=0o600)
