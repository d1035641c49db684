"""Requests as granian's RSGI interface passes them."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")


def run_in_loop(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run it in a thread with an event loop: that of Playwright occupies the main thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


@dataclass
class FakeScope:
    method: str = "GET"
    path: str = "/"
    query_string: str = ""
    headers: dict[str, str] | list[tuple[str, str]] = field(default_factory=list)
    authority: str | None = None
    client: str = "192.0.2.1:50000"
    server: str = "127.0.0.1:5000"
    scheme: str = "http"
    http_version: str = "1.1"

    def __post_init__(self) -> None:
        if isinstance(self.headers, list):
            self.headers = _Headers(self.headers)


class _Headers(dict[str, str]):
    """Names may repeat."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        super().__init__(pairs)
        self._pairs = pairs

    def items(self) -> list[tuple[str, str]]:  # type: ignore[override]
        return self._pairs


class FakeProtocol:
    """Passes chunks of a body, and then an empty one; keeps the response."""

    def __init__(self, chunks: Iterable[bytes] = ()) -> None:
        self._chunks = [*chunks, b""]
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self.body = b""
        self.file = ""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    def response_file(self, status: int, headers: list[tuple[str, str]], file: str) -> None:
        self.status, self.headers, self.file = status, headers, file
