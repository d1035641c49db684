"""Requests that mean no good: refused or unanswered, but never a 5xx.

Only a body that trickles in may be answered by 503 with Retry-After.
"""

import re
import secrets
import socket
import struct
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from random import choice
from urllib.parse import urlsplit

from benchmarks.soak.traffic import NO_ANSWER
from benchmarks.soak.visitor import TIMEOUT, Site, Visitor, next_address

LARGE = 3 * 1024 * 1024  # bytes, more than any form may have
SLOW_BODIES, SLOW_SECONDS = 12, 5  # more at a time than one address may have
_FORM = "Content-Type: application/x-www-form-urlencoded"
_MULTIPART = "Content-Type: multipart/form-data"
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER without waiting: close() sends RST
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")


def guess_passwords(visitor: Visitor) -> None:
    """Guess from one address until it is refused."""
    while True:
        fields = {"email": visitor.name, "password": secrets.token_hex(8)}
        visitor.submit("/login", fields, status=200)


def send_malformed(site: Site) -> None:
    """Send one request of a random sort from a new address."""
    sort = choice([*SORTS])
    request = SORTS[sort](secrets.token_hex(16))
    with _connection(site) as connection:
        _send([connection], request)
        if sort.startswith("aborted"):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            _count(site, sort, b"")
        else:
            _count(site, sort, _answer(connection))


def send_slow_bodies(site: Site) -> None:
    """Send several from one address: some are refused, the others are given up."""
    address = next_address()
    with ExitStack() as stack:
        connections = [stack.enter_context(_connection(site, address)) for _ in range(SLOW_BODIES)]
        _send(connections, _request("POST", "/login", _FORM, "Content-Length: 1000"))
        ends_at = time.monotonic() + SLOW_SECONDS
        while time.monotonic() < ends_at:
            _send(connections, b"a")
            time.sleep(0.5)
        for connection in connections:
            connection.setblocking(False)
            _count(site, "slow body", _answer(connection), is_slow=True)


def _request(method: str, path: str, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def _form(path: str, body: bytes, content_type: str = _FORM) -> bytes:
    return _request("POST", path, content_type, f"Content-Length: {len(body)}", body=body)


def _chunked(path: str, size: int) -> bytes:
    chunk = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    body = chunk * (size // 0x10000) + b"0\r\n\r\n"
    return _request("POST", path, _FORM, "Transfer-Encoding: chunked", body=body)


# Each is given a word that no other request has.
SORTS: dict[str, Callable[[str], bytes]] = {
    "long query": lambda word: _request("GET", f"/login?next=/{word}{'a' * 7_900}"),
    "longer query": lambda word: _request("GET", f"/login?next=/{word}{'a' * 60_000}"),
    "long path": lambda word: _request("GET", f"/{word}/{'a' * 60_000}"),
    "long field": lambda word: _form("/login", f"email={word}{'a' * 100_000}".encode()),
    "not found": lambda word: _request("GET", f"/post/{int(word[:12], 16)}"),
    "NUL in a path": lambda word: _request("GET", f"/user/{word}%00"),
    "NUL in a form": lambda word: _form("/login", f"email={word}%00&password=%00".encode()),
    "not UTF-8": lambda word: _request("GET", f"/user/{word}%FF?page=%ED%A0%80"),
    "bad cookie": lambda word: _request("GET", "/account", f"Cookie: session={word}.\xff.{word}"),
    "long cookie": lambda word: _request("GET", "/", f"Cookie: session={word * 200}"),
    "bad token": lambda word: _request(
        "GET", "/api/posts", f"Authorization: Bearer {word}.{word}."
    ),
    "bad cursor": lambda word: _request("GET", f"/api/posts?cursor={word}&per_page=100"),
    "bad page": lambda word: _request("GET", f"/?page={word}&before={word}&after={word}"),
    "foreign host": lambda word: _request("GET", "/").replace(
        b"127.0.0.1", f"{word}.example".encode()
    ),
    "header without colon": lambda word: _request("GET", "/", word),
    "header with NUL": lambda word: _request("GET", "/", f"X-Word: {word}\0"),
    "two lengths": lambda word: _form("/login", word.encode(), f"{_FORM}\r\nContent-Length: 3"),
    "bad length": lambda word: _request("POST", "/login", _FORM, f"Content-Length: -{word}"),
    "not a request": lambda word: f"{word}\r\n\r\n".encode(),
    "multipart without boundary": lambda word: _form("/login", word.encode(), _MULTIPART),
    "unfinished multipart": lambda word: _form(
        "/register",
        f'--{word}\r\nContent-Disposition: form-data; name="'.encode(),
        f"{_MULTIPART}; boundary={word}",
    ),
    "not JSON": lambda word: _form("/api/login", b"[" * 50_000, "Content-Type: application/json"),
    "large body": lambda _: _form("/login", b"a" * LARGE),
    "large chunked body": lambda _: _chunked("/login", LARGE),
    "aborted body": lambda word: _form("/login", word.encode() * 100)[:-100],
    "aborted header": lambda word: f"GET /{word} HTTP/1.1\r\nHost: 127".encode(),
    "aborted answer": lambda word: _request("GET", f"/api/posts?per_page=100&author={word}"),
}


def _connection(site: Site, address: str = "") -> socket.socket:
    port = urlsplit(site.address).port or 80
    return socket.create_connection(
        ("127.0.0.1", port), timeout=TIMEOUT, source_address=(address or next_address(), 0)
    )


def _send(connections: list[socket.socket], data: bytes) -> None:
    """Send all of it, unless the server has refused the rest."""
    for connection in connections:
        with suppress(OSError):
            connection.sendall(data)


def _answer(connection: socket.socket) -> bytes:
    """Read until the server closes the connection; from a non-blocking one, what has arrived."""
    answer = b""
    with suppress(OSError):
        while part := connection.recv(65536):
            answer += part
    return answer


def _count(site: Site, sort: str, answer: bytes, *, is_slow: bool = False) -> None:
    is_right = is_harmless(answer, is_slow=is_slow)
    note = answer[:200].decode(errors="replace")
    site.traffic.count(f"hostile: {sort}", _status(answer), is_right=is_right, note=note)


def is_harmless(answer: bytes, *, is_slow: bool) -> bool:
    status = _status(answer)
    is_refusal = status == 503 and b"\r\nretry-after:" in answer.lower()
    return status < 500 or (is_slow and is_refusal)


def _status(answer: bytes) -> int:
    found = _STATUS.match(answer)
    return int(found[1]) if found else NO_ANSWER
