"""Server processes of the sites and of the bare view, with production settings."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, NamedTuple

PROJECT = Path(__file__).resolve().parent.parent
TIMEOUT = 60  # seconds
WORKERS, THREADS = 2, 2


def settings(database_url: str, media: Path, port: int) -> dict[str, str]:
    """Return the environment of a production site without rate limits."""
    return {
        "FLASKBLOG_ENV": "production",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "SITE_URL": f"http://127.0.0.1:{port}",
        "DATABASE_URL": database_url,
        "MEDIA_FOLDER": str(media),
        "RATELIMIT_ENABLED": "false",
        "LOG_LEVEL": "WARNING",
        "PORT": str(port),
        "WORKERS": str(WORKERS),
        "THREADS": str(THREADS),
    }


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def serving(
    command: list[str], environment: dict[str, str], path: str, log: IO[str] | None = None
) -> Iterator[tuple[str, int]]:
    """Run a server; yield its address and process id once `path` responds."""
    process = launch(command, environment, log)
    address = f"http://127.0.0.1:{environment['PORT']}"
    try:
        wait_for(process, address + path)
        yield address, process.pid
    finally:
        stop(process)


def launch(
    command: list[str], environment: dict[str, str], log: IO[str] | None = None
) -> "subprocess.Popen[bytes]":
    """Start a command of the project; without a log, its errors appear in the terminal."""
    inherited = {
        name: os.environ[name] for name in ("HOME", "PATH", "TMPDIR") if name in os.environ
    }
    bin_folder = Path(sys.executable).parent
    inherited["PATH"] = f"{bin_folder}{os.pathsep}{inherited['PATH']}"
    return subprocess.Popen(
        [str(bin_folder / command[0]), *command[1:]],
        cwd=PROJECT,
        env=inherited | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=log,
        start_new_session=True,
    )


def wait_for(process: "subprocess.Popen[bytes]", address: str) -> None:
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        with (
            suppress(urllib.error.URLError, ConnectionError),
            urllib.request.urlopen(address, timeout=TIMEOUT),
        ):
            return
        time.sleep(0.005)
    raise SystemExit(f"{address} does not respond")


def stop(process: "subprocess.Popen[bytes]") -> None:
    """Stop a server and its descendants, which have process groups of their own."""
    children = descendants(process.pid)
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(TIMEOUT)
    for pid in children:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


class Memory(NamedTuple):
    """In MiB; shared pages are counted once (PSS)."""

    web_and_worker: float
    everything: float


def memory(start: int) -> Memory:
    """Measure the children of the start command, and all with the command itself."""
    children = sum(map(_pss, descendants(start))) / 1024
    return Memory(children, children + _pss(start) / 1024)


def web_processes(start: int) -> list[int]:
    """Return the web server and its workers: the only child of the start command with children."""
    return next([child, *found] for child in _children(start) if (found := descendants(child)))


def cpu_seconds(pids: Iterable[int]) -> float:
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])  # utime and stime of proc(5)
    return ticks / os.sysconf("SC_CLK_TCK")


def descendants(pid: int) -> list[int]:
    return [found for child in _children(pid) for found in (child, *descendants(child))]


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def _pss(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
