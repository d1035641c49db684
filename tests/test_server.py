"""The server with its processes: told to stop, killed, and counted together."""

import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.crowd import crowd
from tests.live import PATIENCE, Live, free_port, is_answering, started
from tests.visitor import Visitor

VISITORS = 12


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def live(tmp_path: Path, port: int) -> Iterator[Live]:
    """The web server by itself, on a database of its own."""
    settings = {"PORT": str(port), "DATABASE_URL": f"sqlite:///{tmp_path / 'own.db'}",
                "WORKERS": "2"}  # fmt: skip
    with started([sys.executable, "run.py"], tmp_path / "output.txt", settings) as live:
        live.address()
        yield live


def test_told_to_stop_under_load_it_answers_all_it_has_taken(live: Live, port: int) -> None:
    with crowd(VISITORS, port) as met:
        _wait_for(lambda: met["200"] > 2 * VISITORS)
        live.process.send_signal(signal.SIGTERM)
        assert live.process.wait(PATIENCE) == 0
    assert met["200"] > 2 * VISITORS
    assert met.keys() <= {"200", "refused"}, met


def test_a_killed_process_is_replaced_and_the_numbers_of_all_are_added_up(
    live: Live, port: int
) -> None:
    visitor = Visitor(f"http://127.0.0.1:{port}")
    for _ in range(10):
        assert visitor.get("/login")[0] == 200
    assert _counted(port) == 10
    killed, _other = _workers(live)
    os.kill(killed, signal.SIGKILL)
    _wait_for(lambda: len(_workers(live)) == 3)
    assert is_answering(f"http://127.0.0.1:{port}")
    for _ in range(10):
        assert visitor.get("/login")[0] == 200
    assert _counted(port) == 20
    assert live.process.poll() is None


def _workers(live: Live) -> list[int]:
    return [int(pid) for pid in re.findall(r"Spawning worker-\d with PID: (\d+)", live.output)]


def _counted(port: int) -> float:
    _status, text = Visitor(f"http://127.0.0.1:{port}").get("/metrics")
    found = re.search(r'requests_total\{endpoint="users.login",status="200"\} (\S+)', text)
    return float(found[1]) if found else 0


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
