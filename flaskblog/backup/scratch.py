"""Locked folders: the system unlocks them when their process ends, also when it is killed."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def folder(prefix: str, parent: Path | None = None) -> Iterator[Path]:
    """A temporary folder, locked while it is used."""
    with TemporaryDirectory(prefix=prefix, dir=parent) as name, locked(Path(name)):
        yield Path(name)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Wait until no other process has locked the folder, and lock it."""
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def is_locked(path: Path) -> bool:
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def abandoned(prefix: str, parent: Path) -> list[Path]:
    """Return the folders of killed processes of this user."""
    return [
        path
        for path in sorted(parent.glob(f"{prefix}*"))
        if path.is_dir() and not path.is_symlink() and path.stat().st_uid == os.getuid()
        if not is_locked(path)
    ]


def remove_abandoned(prefix: str, parent: Path) -> None:
    for path in abandoned(prefix, parent):
        shutil.rmtree(path, ignore_errors=True)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
