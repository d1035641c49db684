"""Running commands and sites as real processes, at free ports of this machine."""

import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

TIMEOUT = 30  # seconds, on a busy machine
PROJECT = Path(__file__).resolve().parents[2]


class RunningProcess:
    """A running command and what it has printed."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self.log = log

    @property
    def output(self) -> str:
        return self.log.read_text()

    def address(self) -> str:
        """The URL that was printed, as soon as the site responds there."""
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline and self.process.poll() is None:
            printed = re.search(r" is at (http://[^\s\"]+)", self.output)
            if printed and is_answering(printed[1]):
                return printed[1]
            time.sleep(0.05)
        raise AssertionError(f"the site does not answer:\n{self.output}")

    def groups(self) -> set[int]:
        """The process groups of the command and of the processes that it has started."""
        pids = re.findall(r"started \(pid=(\d+)\)", self.output)
        return {self.process.pid, *map(int, pids)}

    def end(self) -> None:
        """Terminate, and kill what has not ended in time."""
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(TIMEOUT)
        self.kill()

    def kill(self) -> None:
        """Kill all processes, as a power cut does."""
        for group in self.groups():
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        self.process.wait()


@contextmanager
def started(
    command: list[str], log: Path, settings: dict[str, str], folder: Path = PROJECT
) -> Iterator[RunningProcess]:
    """Run a command with these settings, in a process group of its own, until the block ends."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment() | settings,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    live = RunningProcess(process, log)
    try:
        yield live
    finally:
        live.end()


def free_port() -> int:
    """A free port of loopback, below the range that systems choose from by themselves.

    Chosen at random, so that test runs in parallel do not get the same one.
    """
    while True:
        port = random.randrange(10_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def is_answering(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/livez", timeout=TIMEOUT) as answer:
            return bool(answer.status == 200)
    except urllib.error.URLError:
        return False


def environment() -> dict[str, str]:
    """What a program needs to run, and none of the settings of whoever runs the tests."""
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
