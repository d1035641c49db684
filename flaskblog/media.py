"""Where pictures are kept: in a folder, or in an S3 bucket that several hosts share.

No picture lies under a name that somebody else chose.
"""

import importlib
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Protocol

from flask import Flask, current_app, send_from_directory
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ServiceUnavailable
from werkzeug.wrappers import Response

from flaskblog.errors import show_error
from flaskblog.users.avatars import picture_name

MIMETYPE = "image/webp"
NAME = re.compile(r"[0-9a-f]{32}\.webp")
_OURS = re.compile(r"[0-9a-f]{32}\.(webp|part)")


class MediaError(Exception):
    """The place where pictures are kept cannot be reached, or takes no more."""


class Store(Protocol):
    """Each call raises `MediaError` when the place cannot be reached."""

    def write(self, name: str, picture: bytes) -> None:
        """As a whole or not at all."""

    def read(self, name: str) -> bytes:
        """Raises `FileNotFoundError`."""

    def remove(self, name: str) -> None:
        """One that is gone already is no error."""

    def names(self) -> Iterator[str]: ...

    def names_before(self, time: datetime) -> Iterator[str]:
        """Of what was written before, in any order; what a write left half done is included."""

    def answer(self, name: str, max_age: int) -> Response:
        """The picture for a browser, which may keep it for so many seconds.

        Raises `FileNotFoundError` or `werkzeug.exceptions.NotFound`.
        """


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

    def names(self) -> Iterator[str]:
        return (entry.name for entry in self._entries() if NAME.fullmatch(entry.name))

    def names_before(self, time: datetime) -> Iterator[str]:
        for entry in self._entries():
            with suppress(FileNotFoundError):  # taken away meanwhile
                if _OURS.fullmatch(entry.name) and entry.stat().st_mtime < time.timestamp():
                    yield entry.name

    def answer(self, name: str, max_age: int) -> Response:
        return send_from_directory(self.path, name, mimetype=MIMETYPE, max_age=max_age, etag=False)

    def _entries(self) -> Iterator[os.DirEntry[str]]:
        try:
            with os.scandir(self.path) as entries:
                yield from entries
        except FileNotFoundError:
            return  # the first picture makes the folder
        except OSError as error:
            raise MediaError(f"{self.path} cannot be read: {error.strerror}") from error


def init_app(app: Flask) -> None:
    """Open the place that `MEDIA_URL` or `MEDIA_FOLDER` names.

    Raises `SystemExit` with one line when the packages for a bucket are missing.
    """
    app.register_error_handler(MediaError, _show_unavailable)
    url = app.config["MEDIA_URL"]
    if not url:
        app.extensions["media"] = Folder(app.config["MEDIA_FOLDER"])
        return
    try:
        # Most sites have no bucket, and the packages for one are larger than all others.
        buckets = importlib.import_module("flaskblog.buckets")
    except ModuleNotFoundError as error:
        raise SystemExit(
            f"Flaskblog cannot start. MEDIA_URL needs {error.name}: "
            "pip install -r deploy/requirements-s3.txt"
        ) from None
    app.extensions["media"] = buckets.Bucket(url)


def store() -> Store:
    opened: Store = current_app.extensions["media"]
    return opened


def save(picture: bytes) -> str:
    """Keep a picture under a new name, which is returned."""
    name = picture_name()
    store().write(name, picture)
    return name


def remove(name: str) -> None:
    """Forget a picture that no page shows any longer; a failure is told in the log alone."""
    try:
        store().remove(name)
    except MediaError:
        current_app.logger.warning("picture %s is left over", name, exc_info=True)


def _show_unavailable(error: MediaError) -> ResponseReturnValue:
    current_app.logger.error("pictures unavailable", exc_info=error)
    return show_error(ServiceUnavailable("Pictures can be neither kept nor shown.", retry_after=5))
