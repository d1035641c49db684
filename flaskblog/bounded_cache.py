"""What was made of the database as it was, in as much memory as it may take."""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from time import time
from typing import Generic, Protocol, TypeVar


class Kept(Protocol):
    """Something made when the database's state was `state`.

    It holds until `expires_at`, in seconds since the epoch, and takes `size` bytes.
    """

    @property
    def state(self) -> Hashable: ...

    @property
    def expires_at(self) -> float: ...

    @property
    def size(self) -> int: ...


Page = TypeVar("Page", bound=Kept)


class BoundedCache(Generic[Page]):
    """Drops what nobody asked for the longest; any thread may use it."""

    def __init__(self, memory: int) -> None:
        self.memory = memory
        self.size = 0
        """In bytes, never more than `memory`."""
        self._kept: OrderedDict[Hashable, Page] = OrderedDict()
        self._lock = Lock()

    def find(self, key: Hashable, state: Hashable) -> Page | None:
        """What was kept under the key, if it is still true."""
        with self._lock:
            page = self._kept.get(key)
            if page is None or page.state != state or page.expires_at <= time():
                return None
            self._kept.move_to_end(key)
            return page

    def keep(self, key: Hashable, page: Page) -> None:
        """Unless it is so large that it would drive out most others."""
        if page.size > self.memory // 4:
            return
        with self._lock:
            former = self._kept.pop(key, None)
            self._kept[key] = page
            self.size += page.size - (former.size if former else 0)
            while self.size > self.memory:
                self.size -= self._kept.popitem(last=False)[1].size
