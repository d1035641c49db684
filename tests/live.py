"""The site as people run it: a real process, at a free port of this machine."""

import os
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

PATIENCE = 30  # seconds, on a busy machine
PROJECT = Path(__file__).resolve().parent.parent


class Live:
    """A running command and what it has printed."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self.log = log

    @property
    def output(self) -> str:
        return self.log.read_text()

    def address(self) -> str:
        """The one that was printed, as soon as the site answers there."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            printed = re.search(r" is at (http://[^\s\"]+)", self.output)
            if printed and is_answering(printed[1]):
                return printed[1]
            time.sleep(0.05)
        raise AssertionError(f"the site does not answer:\n{self.output}")

    def groups(self) -> set[int]:
        """The process groups: the command's own, and those of the processes that it tells of."""
        told = re.findall(r"started \(pid=(\d+)\)", self.output)
        return {self.process.pid, *map(int, told)}

    def end(self) -> None:
        """Ask first, then insist."""
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(PATIENCE)
        self.kill()

    def kill(self) -> None:
        """Without a word, as a power cut does."""
        for group in self.groups():
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        self.process.wait()


@contextmanager
def started(
    command: list[str], log: Path, settings: dict[str, str], folder: Path = PROJECT
) -> Iterator[Live]:
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
    live = Live(process, log)
    try:
        yield live
    finally:
        live.end()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def is_answering(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/livez", timeout=PATIENCE) as answer:
            return bool(answer.status == 200)
    except urllib.error.URLError:
        return False


def environment() -> dict[str, str]:
    """What a program needs to run, and none of the settings of whoever runs the tests."""
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
