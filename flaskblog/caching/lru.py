"""A cache of pages, bounded in bytes."""

from collections.abc import Hashable
from operator import attrgetter
from threading import Lock
from time import time
from typing import Generic, Protocol, TypeVar

from cachetools import LRUCache


class Entry(Protocol):
    """A page made at `version` of its data, valid until `expires_at`; `size` is in bytes."""

    @property
    def version(self) -> Hashable: ...

    @property
    def expires_at(self) -> float: ...

    @property
    def size(self) -> int: ...


E = TypeVar("E", bound=Entry)


class BoundedCache(Generic[E]):
    """Evicts the least recently used entries; thread-safe."""

    def __init__(self, max_bytes: int) -> None:
        self._entries: LRUCache[Hashable, E] = LRUCache(max_bytes, getsizeof=attrgetter("size"))
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def size(self) -> float:
        """In bytes."""
        return self._entries.currsize

    def get(self, key: Hashable, version: Hashable) -> E | None:
        """Return the entry if it was made at this version and has not expired."""
        with self._lock:
            entry = self._entries.get(key)
        if entry is None or entry.version != version or entry.expires_at <= time():
            return None
        return entry

    def put(self, key: Hashable, entry: E) -> None:
        """Store an entry, unless it is so large that it would evict most others."""
        if entry.size <= self._entries.maxsize // 4:
            with self._lock:
                self._entries[key] = entry
