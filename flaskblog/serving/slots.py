"""Slots that the processes of a server share, of which each client network has a few."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from hashlib import blake2b
from pathlib import Path

from werkzeug.exceptions import ServiceUnavailable

MAX_PER_NETWORK = 8  # in all processes
MAX_PER_PROCESS = 256
RETRY_INTERVAL = 0.2  # seconds
MAX_RETRIES = 10


class Slots:
    """Each slot is a byte of a file that is locked, for which it needs no content.

    The system unlocks the bytes of a process that dies.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_RDWR)
        # A process is not refused the locks that it has itself.
        self._taken: set[int] = set()

    @asynccontextmanager
    async def one_of(self, network: str) -> AsyncIterator[None]:
        """Hold a slot; raise `ServiceUnavailable` if none becomes free within two seconds."""
        retries = 0
        while (slot := self._take(network)) is None:
            if retries == MAX_RETRIES:
                raise ServiceUnavailable("Too many forms are being sent.", retry_after=10)
            retries += 1
            await asyncio.sleep(RETRY_INTERVAL)
        try:
            yield
        finally:
            self._release(slot)

    def _take(self, network: str) -> int | None:
        if len(self._taken) == MAX_PER_PROCESS:
            return None
        # Seven bytes: positions in a file have 63 bits.
        digest = blake2b(network.encode(), digest_size=7).digest()
        first = int.from_bytes(digest) * MAX_PER_NETWORK
        for slot in set(range(first, first + MAX_PER_NETWORK)) - self._taken:
            with suppress(BlockingIOError, PermissionError):
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, slot)
                self._taken.add(slot)
                return slot
        return None

    def _release(self, slot: int) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, slot)
        self._taken.remove(slot)
