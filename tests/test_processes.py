"""Web server and worker as forks of one process: made once, shared safely, ended together."""

import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from flaskblog import forks
from flaskblog.extensions import db, queue
from flaskblog.models import User
from tests.live import PATIENCE, PROJECT, Live, environment, free_port, is_answering, started

START = ["flask", "--app", "run", "start"]
TOLD_OF = """
import sys
import flaskblog
from flask.cli import main
make = flaskblog.create_app
def tell(config):
    print("made an application", flush=True)
    return make(config)
flaskblog.create_app = tell
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
DONE = """
import os, sys, time
from flaskblog.processes import run
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


def family(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += family(int(child))
    return found


def whole(live: Live, size: int) -> list[int]:
    wait_until(lambda: len(family(live.process.pid)) == size)
    return family(live.process.pid)


def wait_until(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def has_ended(pid: int) -> bool:
    """What nobody waits for any more is as good as gone."""
    with suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


def test_the_application_is_made_once_and_every_process_is_a_fork_of_that_one(
    settings: dict[str, str], tmp_path: Path
) -> None:
    command = [sys.executable, "-c", TOLD_OF, "--app", "run", "start"]
    with started(command, tmp_path / "log", settings) as live:
        live.address()
        commands = {Path(f"/proc/{pid}/cmdline").read_bytes() for pid in whole(live, 5)}
        assert len(commands) == 1
        assert live.output.count("made an application") == 1


def test_processes_that_fork_hold_no_database_open(
    settings: dict[str, str], tmp_path: Path
) -> None:
    with started(START, tmp_path / "log", settings) as live:
        live.address()
        supervisor, listener, *_ = whole(live, 5)
        for pid in (supervisor, listener):
            files = [os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()]
            assert not [file for file in files if ".db" in file]


@pytest.mark.parametrize(("killed", "size"), [(START, 5), ([sys.executable, "run.py"], 3)])
def test_nothing_outlives_a_killed_parent(
    killed: list[str], size: int, settings: dict[str, str], tmp_path: Path
) -> None:
    with started(killed, tmp_path / "log", settings) as live:
        live.address()
        processes = whole(live, size)
        os.kill(live.process.pid, signal.SIGKILL)
        live.process.wait()
        wait_until(lambda: all(map(has_ended, processes)), seconds=10)


@pytest.mark.parametrize("place", [1, -1], ids=["the web server", "the worker"])
def test_when_one_is_killed_the_other_ends(
    place: int, settings: dict[str, str], tmp_path: Path
) -> None:
    with started(START, tmp_path / "log", settings) as live:
        live.address()
        processes = whole(live, 5)
        os.kill(processes[place], signal.SIGKILL)
        assert live.process.wait(PATIENCE) not in {0, None}
        wait_until(lambda: all(map(has_ended, processes)), seconds=10)


@pytest.mark.parametrize(
    ("first", "code"),
    [("sys.exit(3)", 3), ("None", 0), ("os.kill(os.getpid(), 9)", 256 - 9)],
)
def test_the_exit_code_is_that_of_the_process_that_ended(first: str, code: int) -> None:
    command = [sys.executable, "-c", DONE % first]
    ran = subprocess.run(
        command, cwd=PROJECT, env=environment(), capture_output=True, timeout=PATIENCE, check=False
    )
    assert ran.returncode == code, ran.stderr.decode()


def test_a_stop_is_heard_by_workers_that_have_only_just_begun(
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
                assert live.process.wait(PATIENCE / 3) == 0
            except subprocess.TimeoutExpired:
                late += 1
    assert late <= 1


def test_workers_that_cannot_be_forks_make_their_own_application(
    settings: dict[str, str], tmp_path: Path
) -> None:
    script = tmp_path / "spawned.py"
    script.write_text(SPAWNED)
    settings |= {"PYTHONPATH": str(PROJECT)}
    with started([sys.executable, str(script)], tmp_path / "log", settings) as live:
        assert is_answering(live.address())


def test_with_the_debugger_it_serves_and_ends_as_without(
    settings: dict[str, str], tmp_path: Path
) -> None:
    with started([*START, "--debug"], tmp_path / "log", settings) as live:
        wait_until(lambda: is_answering(f"http://127.0.0.1:{settings['PORT']}"))
        processes = whole(live, 4)
        assert "Debugger is active" in live.output
        live.process.terminate()
        assert live.process.wait(PATIENCE) == 0
        wait_until(lambda: all(map(has_ended, processes)))


def test_a_fork_finds_no_connection_open(app: Flask) -> None:
    db.session.scalar(select(func.count()).select_from(User))
    queue.pending_count()
    db.session.remove()
    assert db.engine.pool.checkedin() > 0  # type: ignore[attr-defined]
    forks.prepare(app)
    gc.unfreeze()
    assert db.engine.pool.checkedin() == 0  # type: ignore[attr-defined]
    assert not queue.storage.close(), "there was something left to close"
