"""The interface of picture stores."""

import re
from collections.abc import Hashable, Iterator
from datetime import datetime
from typing import Protocol

from werkzeug.wrappers import Response

MIMETYPE = "image/webp"
NAME = re.compile(r"[0-9a-f]{32}\.webp")


class MediaError(Exception):
    """The store is unavailable or full."""


class Store(Protocol):
    """Every method raises `MediaError` if the store is unavailable."""

    def write(self, name: str, picture: bytes) -> None:
        """Atomic."""

    def read(self, name: str) -> bytes:
        """Raises `FileNotFoundError`."""

    def remove(self, name: str) -> None:
        """A missing picture is no error."""

    def version(self, name: str) -> Hashable | None:
        """Return a value that changes with the picture, or None if it is not known locally."""

    def names(self) -> Iterator[str]: ...

    def names_before(self, time: datetime) -> Iterator[str]:
        """Return files last written before `time`, partial ones included, in any order."""

    def response(self, name: str, max_age: int) -> Response:
        """Return the picture as a response that browsers cache for `max_age` seconds.

        Raises `FileNotFoundError` or `werkzeug.exceptions.NotFound`.
        """
