"""Free space, checked before it is needed."""

import shutil
from pathlib import Path

from humanize import naturalsize

from flaskblog.backup.errors import BackupError


def require(needed: int, folder: Path) -> None:
    """Raises `BackupError` if the disk of the folder has fewer free bytes."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise BackupError(
            f"It needs {naturalsize(needed)} of free space in {folder},"
            f" and {naturalsize(free)} are free."
        )
