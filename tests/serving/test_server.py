"""The web server and its processes: shutdown, replacement and metrics."""

import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.concurrent_requests import concurrent_requests
from tests.support.http_client import HttpClient
from tests.support.processes import TIMEOUT, RunningProcess, free_port, is_answering, started

pytestmark = pytest.mark.server

CLIENTS = 12


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


def test_a_shutdown_under_load_finishes_all_accepted_requests(
    live: RunningProcess, port: int
) -> None:
    with concurrent_requests(CLIENTS, port) as met:
        _wait_for(lambda: met["200"] > 2 * CLIENTS)
        live.process.send_signal(signal.SIGTERM)
        assert live.process.wait(TIMEOUT) == 0
    assert met["200"] > 2 * CLIENTS
    assert met.keys() <= {"200", "refused"}, met


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
