"""The supervisor: web server and worker as forks of one process."""

import gc
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, func, inspect, select

from flaskblog.extensions import db, queue
from flaskblog.models import User
from flaskblog.serving.preload import preload
from tests.support.processes import (
    PROJECT,
    TIMEOUT,
    RunningProcess,
    environment,
    free_port,
    is_answering,
    started,
)

pytestmark = pytest.mark.server

START = ["flask", "--app", "run", "start"]
COUNTED = """
import sys
import flaskblog
from flask.cli import main
make = flaskblog.create_app
def create(config):
    print("created an application", flush=True)
    return make(config)
flaskblog.create_app = create
sys.argv[0] = "flask"
main()
"""
SPAWNED = """
import multiprocessing
import run
if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    run.serve(run.app)
"""
SUPERVISED = """
import os, sys, time
from flaskblog.serving.supervisor import run
def stay():
    time.sleep(60)
sys.exit(run({"first": lambda: %s, "second": stay}))
"""


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    return {
        "FLASKBLOG_ENV": "test",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'own.db'}",
        "PORT": str(free_port()),
        "WORKERS": "2",
    }


def process_tree(pid: int) -> list[int]:
    """A process and its descendants."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += process_tree(int(child))
    return found


def wait_for_processes(live: RunningProcess, size: int) -> list[int]:
    wait_until(lambda: len(process_tree(live.process.pid)) == size)
    return process_tree(live.process.pid)


def wait_until(condition: Callable[[], bool], seconds: float = TIMEOUT) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def has_ended(pid: int) -> bool:
    """Zombies count as ended."""
    with suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


def test_all_processes_are_forks_of_one_application(
    settings: dict[str, str], tmp_path: Path
) -> None:
    command = [sys.executable, "-c", COUNTED, "--app", "run", "start"]
    with started(command, tmp_path / "log", settings) as live:
        live.address()
        commands = {
            Path(f"/proc/{pid}/cmdline").read_bytes() for pid in wait_for_processes(live, 5)
        }
        assert len(commands) == 1
        assert live.output.count("created an application") == 1


def test_a_port_in_use_is_reported_before_the_database_is_migrated(
    settings: dict[str, str], tmp_path: Path
) -> None:
    with (
        socket.create_server(("127.0.0.1", int(settings["PORT"]))),
        started(START, tmp_path / "log", settings) as live,
    ):
        assert live.process.wait(TIMEOUT) == 1
        [line] = live.output.splitlines()
        assert "HOST and PORT: Address already in use" in line
    engine = create_engine(settings["DATABASE_URL"])
    assert "post" not in inspect(engine).get_table_names()
    engine.dispose()


def test_forking_processes_have_no_database_file_open(
    settings: dict[str, str], tmp_path: Path
) -> None:
    with started(START, tmp_path / "log", settings) as live:
        live.address()
        supervisor, listener, *_ = wait_for_processes(live, 5)
        for pid in (supervisor, listener):
            files = [str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()]
            assert not [file for file in files if ".db" in file]


@pytest.mark.parametrize(("killed", "size"), [(START, 5), ([sys.executable, "run.py"], 3)])
def test_no_process_outlives_a_killed_parent(
    killed: list[str], size: int, settings: dict[str, str], tmp_path: Path
) -> None:
    with started(killed, tmp_path / "log", settings) as live:
        live.address()
        processes = wait_for_processes(live, size)
        os.kill(live.process.pid, signal.SIGKILL)
        live.process.wait()
        wait_until(lambda: all(map(has_ended, processes)), seconds=10)


@pytest.mark.parametrize("place", [1, -1], ids=["the web server", "the worker"])
def test_when_one_process_is_killed_the_other_is_stopped(
    place: int, settings: dict[str, str], tmp_path: Path
) -> None:
    with started(START, tmp_path / "log", settings) as live:
        live.address()
        processes = wait_for_processes(live, 5)
        os.kill(processes[place], signal.SIGKILL)
        assert live.process.wait(TIMEOUT) not in {0, None}
        wait_until(lambda: all(map(has_ended, processes)), seconds=10)


@pytest.mark.parametrize(
    ("first", "code"),
    [("sys.exit(3)", 3), ("None", 0), ("os.kill(os.getpid(), 9)", 256 - 9)],
)
def test_the_exit_code_is_that_of_the_process_that_ended(first: str, code: int) -> None:
    command = [sys.executable, "-c", SUPERVISED % first]
    ran = subprocess.run(
        command, cwd=PROJECT, env=environment(), capture_output=True, timeout=TIMEOUT, check=False
    )
    assert ran.returncode == code, ran.stderr.decode()


def test_workers_that_are_just_starting_can_be_stopped(
    settings: dict[str, str], tmp_path: Path
) -> None:
    """Three of four were late once; granian by itself still loses one in some forty."""
    settings |= {"WORKERS": "8"}
    late = 0
    for attempt in range(3):
        with started([sys.executable, "run.py"], tmp_path / f"{attempt}", settings) as live:
            while "Spawning worker-1" not in live.output:
                time.sleep(0.001)
            live.process.terminate()
            try:
                assert live.process.wait(TIMEOUT / 3) == 0
            except subprocess.TimeoutExpired:
                late += 1
    assert late <= 1


def test_spawned_workers_create_their_own_application(
    settings: dict[str, str], tmp_path: Path
) -> None:
    script = tmp_path / "spawned.py"
    script.write_text(SPAWNED)
    settings |= {"PYTHONPATH": str(PROJECT)}
    with started([sys.executable, str(script)], tmp_path / "log", settings) as live:
        assert is_answering(live.address())


def test_the_debugger_serves_and_stops_like_the_server(
    settings: dict[str, str], tmp_path: Path
) -> None:
    with started([*START, "--debug"], tmp_path / "log", settings) as live:
        wait_until(lambda: is_answering(f"http://127.0.0.1:{settings['PORT']}"))
        processes = wait_for_processes(live, 4)
        assert "Debugger is active" in live.output
        live.process.terminate()
        assert live.process.wait(TIMEOUT) == 0
        wait_until(lambda: all(map(has_ended, processes)))


def test_preloading_leaves_no_connection_open(app: Flask) -> None:
    db.session.scalar(select(func.count()).select_from(User))
    queue.pending_count()
    db.session.remove()
    assert db.engine.pool.checkedin() > 0  # type: ignore[attr-defined]
    preload(app)
    gc.unfreeze()
    assert db.engine.pool.checkedin() == 0  # type: ignore[attr-defined]
    assert not queue.storage.close(), "there was something left to close"
