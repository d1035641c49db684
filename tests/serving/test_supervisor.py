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
from tempfile import TemporaryDirectory
from urllib.error import URLError
from urllib.request import urlopen

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
import logging, os, signal, sys, tempfile, time
from pathlib import Path
from flaskblog.serving import service
from flaskblog.serving.supervisor import run
logging.basicConfig(level="INFO", stream=sys.stdout)
service.MIN_DELAY = service.MAX_DELAY = %(delay)s
folder = Path("%(folder)s")
def first():
    tempfile.mkstemp(dir=folder)
    %(first)s
def second():
    while len(list(folder.iterdir())) < 6:
        time.sleep(0.01)
    os.kill(os.getppid(), signal.SIGTERM)
    time.sleep(60)
sys.exit(run({"first": first, "second": second}))
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
            assert not [file for file in files if "own." in file]


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


@pytest.mark.parametrize(
    ("place", "name"), [(1, "web"), (-1, "worker")], ids=["the web server", "the worker"]
)
def test_a_killed_process_is_started_again_and_reported(
    place: int, name: str, settings: dict[str, str], tmp_path: Path
) -> None:
    with started(START, tmp_path / "log", settings) as live:
        address = live.address()
        killed = wait_for_processes(live, 5)[place]
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: live.output.count(f"{name} started") == 2)
        assert killed not in wait_for_processes(live, 5)
        assert f"{name} ended with signal SIGKILL" in live.output
        wait_until(lambda: is_answering(address))
        wait_until(lambda: f"{name} 1 time" in read(f"{address}/readyz"))
        gauge = f'flaskblog_process_restarts_last_hour{{process="{name}"}} 1.0'
        assert gauge in read(f"{address}/metrics")


def test_the_other_process_keeps_running_while_one_is_started_again(
    settings: dict[str, str], tmp_path: Path
) -> None:
    with started(START, tmp_path / "log", settings) as live:
        live.address()
        _, listener, *servers, worker = wait_for_processes(live, 5)
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: live.output.count("worker started") == 2)
        assert {listener, *servers} < {*wait_for_processes(live, 5)}


def test_a_first_process_that_fails_stops_all_with_its_exit_code() -> None:
    ran = supervise("sys.exit(3)")
    assert ran.returncode == 3, ran.stderr


@pytest.mark.parametrize("end", ["None", "os.kill(os.getpid(), 9)"])
def test_each_end_and_its_delay_are_logged_until_a_signal_stops_all(end: str) -> None:
    ran = supervise(end, delay=0.01)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("again in") >= 5
    assert ran.stdout.count("first started") >= 5
    assert ran.stdout.count("second started") == 1


def supervise(first: str, delay: float = 1) -> subprocess.CompletedProcess[str]:
    """Run the supervisor; its second task stops it as soon as the first was started six times."""
    with TemporaryDirectory() as folder:
        return subprocess.run(
            [sys.executable, "-c", SUPERVISED % {"delay": delay, "folder": folder, "first": first}],
            cwd=PROJECT,
            env=environment(),
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
            text=True,
        )


def read(address: str) -> str:
    """A page, or nothing while the site does not answer."""
    with suppress(URLError), urlopen(address, timeout=TIMEOUT) as response:
        return str(response.read().decode())
    return ""


def test_the_metrics_folder_of_a_killed_server_is_deleted_by_the_next_one(
    settings: dict[str, str], tmp_path: Path
) -> None:
    settings |= {"TMPDIR": str(tmp_path)}
    with started([sys.executable, "run.py"], tmp_path / "log", settings) as live:
        live.address()
        [killed] = tmp_path.glob("flaskblog-metrics-*")
        live.kill()
    assert killed.exists()
    with started([sys.executable, "run.py"], tmp_path / "log", settings) as live:
        live.address()
        [first] = tmp_path.glob("flaskblog-metrics-*")
        assert first != killed
        settings |= {"PORT": str(free_port())}
        with started([sys.executable, "run.py"], tmp_path / "other", settings) as other:
            other.address()
            assert first.exists(), "it is used by the first server"
    assert not list(tmp_path.glob("flaskblog-metrics-*"))


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
