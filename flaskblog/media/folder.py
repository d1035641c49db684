"""Pictures in a local folder."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from flask import send_from_directory
from werkzeug.wrappers import Response

from flaskblog.media.store import MIMETYPE, NAME, MediaError

# Everything else is for its owner (serving/permissions.py). A proxy reads pictures from the disk
# as another user: it passes through folders, which it cannot list, and opens a file by its random
# name.
PUBLIC = 0o644
PASSABLE = 0o711
_WRITTEN = re.compile(r"[0-9a-f]{32}\.(webp|part)")


class Folder:
    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, picture: bytes) -> None:
        path = self.path / name
        part = path.with_suffix(".part")
        try:
            _make_passable(self.path)
            with part.open("wb") as file:
                os.fchmod(file.fileno(), PUBLIC)
                file.write(picture)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise MediaError(f"{path} cannot be written: {error.strerror}") from error

    def read(self, name: str) -> bytes:
        return (self.path / name).read_bytes()

    def remove(self, name: str) -> None:
        try:
            (self.path / name).unlink(missing_ok=True)
        except OSError as error:
            raise MediaError(f"{name} cannot be removed: {error.strerror}") from error

    def version(self, name: str) -> int | None:
        try:
            return (self.path / name).stat().st_mtime_ns
        except OSError:
            return None

    def names(self) -> Iterator[str]:
        return (entry.name for entry in self._entries() if NAME.fullmatch(entry.name))

    def names_before(self, time: datetime) -> Iterator[str]:
        for entry in self._entries():
            with suppress(FileNotFoundError):  # deleted meanwhile
                if _WRITTEN.fullmatch(entry.name) and entry.stat().st_mtime < time.timestamp():
                    yield entry.name

    def response(self, name: str, max_age: int) -> Response:
        return send_from_directory(self.path, name, mimetype=MIMETYPE, max_age=max_age, etag=False)

    def _entries(self) -> Iterator[os.DirEntry[str]]:
        try:
            with os.scandir(self.path) as entries:
                yield from entries
        except FileNotFoundError:
            return  # created with the first picture
        except OSError as error:
            raise MediaError(f"{self.path} cannot be read: {error.strerror}") from error


def _make_passable(folder: Path) -> None:
    """Create a folder and its missing parents; an existing one keeps its permissions."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        path.chmod(PASSABLE)
