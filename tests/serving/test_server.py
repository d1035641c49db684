"""The web server and its processes: shutdown, replacement and metrics."""

import os
import re
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.http_client import HttpClient
from tests.support.processes import TIMEOUT, RunningProcess, free_port, is_answering, started

pytestmark = pytest.mark.server

ACCEPTED = 6  # of the eight bodies that a network may send at once


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def live(tmp_path: Path, port: int) -> Iterator[RunningProcess]:
    """The web server by itself, on a database of its own."""
    settings = {"PORT": str(port), "DATABASE_URL": f"sqlite:///{tmp_path / 'own.db'}",
                "WORKERS": "2"}  # fmt: skip
    with started([sys.executable, "run.py"], tmp_path / "output.txt", settings) as live:
        live.address()
        yield live


def test_a_shutdown_finishes_all_accepted_requests(live: RunningProcess, port: int) -> None:
    begun = [_begin_post(port) for _ in range(ACCEPTED)]
    live.process.send_signal(signal.SIGTERM)
    _wait_for(lambda: _is_refused(port))
    for connection in begun:
        connection.sendall(b"x=1")
        with connection, connection.makefile("rb") as response:
            assert response.readline() == b"HTTP/1.1 400 Bad Request\r\n"  # without a form token
            assert response.read().endswith(b"</html>")
    assert live.process.wait(TIMEOUT) == 0


def test_a_killed_process_is_replaced_and_metrics_are_summed(
    live: RunningProcess, port: int
) -> None:
    visitor = HttpClient(f"http://127.0.0.1:{port}")
    for _ in range(10):
        assert visitor.get("/login")[0] == 200
    assert _requests_total(port) == 10
    killed, _other = _workers(live)
    os.kill(killed, signal.SIGKILL)
    _wait_for(lambda: len(_workers(live)) == 3)
    assert is_answering(f"http://127.0.0.1:{port}")
    for _ in range(10):
        assert visitor.get("/login")[0] == 200
    assert _requests_total(port) == 20
    assert live.process.poll() is None


def _begin_post(port: int) -> socket.socket:
    """Send the headers; the server asks for the body when it has accepted the request."""
    connection = socket.create_connection(("127.0.0.1", port), TIMEOUT)
    connection.sendall(
        b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n"
        b"Expect: 100-continue\r\n\r\n"
    )
    assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    return connection


def _is_refused(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), TIMEOUT).close()
    except ConnectionRefusedError:
        return True
    return False


def _workers(live: RunningProcess) -> list[int]:
    return [int(pid) for pid in re.findall(r"Spawning worker-\d with PID: (\d+)", live.output)]


def _requests_total(port: int) -> float:
    _status, text = HttpClient(f"http://127.0.0.1:{port}").get("/metrics")
    found = re.search(r'requests_total\{endpoint="users.login",status="200"\} (\S+)', text)
    return float(found[1]) if found else 0


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
