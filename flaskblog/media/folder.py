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

_WRITTEN = re.compile(r"[0-9a-f]{32}\.(webp|part)")


class Folder:
    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, picture: bytes) -> None:
        path = self.path / name
        part = path.with_suffix(".part")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
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
