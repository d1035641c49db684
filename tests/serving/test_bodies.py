"""Bodies of requests to a running site: slow ones, many at a time, and too long ones."""

import http.client
import re
import select
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.http_client import HttpClient
from tests.support.processes import RunningProcess, free_port, started

pytestmark = pytest.mark.server

NETWORKS = 50
BEGINNING = (
    b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\nemail="
)


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def live(tmp_path: Path, port: int) -> Iterator[RunningProcess]:
    settings = {"PORT": str(port), "DATABASE_URL": f"sqlite:///{tmp_path / 'own.db'}"}
    command = [sys.executable, "-m", "flask", "--app", "run", "start"]
    with started(command, tmp_path / "output.txt", settings) as live:
        live.address()
        yield live


def begin_body(port: int, client: str, stack: ExitStack) -> socket.socket:
    """Send the beginning of a form from an address of this machine, and no more."""
    address = ("127.0.0.1", port)
    try:
        connection = socket.create_connection(address, 30, source_address=(client, 0))
    except OSError:
        pytest.skip("this system has one loopback address")
    stack.enter_context(connection)
    connection.sendall(BEGINNING)
    return connection


@pytest.mark.usefixtures("live")
def test_two_hundred_silent_bodies_delay_nobody_else(port: int) -> None:
    visitor = HttpClient(f"http://127.0.0.1:{port}")
    with ExitStack() as stack:
        for number in range(200):
            begin_body(port, f"127.0.0.{2 + number % NETWORKS}", stack)
        assert visitor.get("/")[0] == 200
        visitor.sign_up("author")


@pytest.mark.usefixtures("live")
def test_one_of_nine_bodies_of_a_client_is_refused(port: int) -> None:
    with ExitStack() as stack:
        connections = [begin_body(port, "127.0.0.2", stack) for _ in range(9)]
        answered, _, _ = select.select(connections, [], [], 15)
        assert len(answered) == 1
        answer = answered[0].recv(100_000).decode()
        assert answer.startswith("HTTP/1.1 503 ")
        assert re.search(r"^retry-after: \d+", answer, re.MULTILINE | re.IGNORECASE)
        assert "<h1>" in answer
        assert "content-security-policy" in answer.lower()


@pytest.mark.usefixtures("live")
def test_a_chunked_post_over_the_limit_is_refused_and_not_stored(port: int) -> None:
    member = HttpClient(f"http://127.0.0.1:{port}")
    member.sign_up("author")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    chunks = [f"csrf_token={member.token('/post/new')}&title=Long&content=".encode()]
    cookie = "; ".join(f"{cookie.name}={cookie.value}" for cookie in member.cookies)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
    for text in ("x" * 99_000, "x" * 3 * 1024 * 1024):
        connection.request(
            "POST", "/post/new", iter([*chunks, text.encode()]), headers, encode_chunked=True
        )
        answer = connection.getresponse()
        answer.read()
        expected = 302 if len(text) < 100_000 else 413
        assert answer.status == expected
    connection.close()
    assert member.get("/")[1].count("<article") == 1
