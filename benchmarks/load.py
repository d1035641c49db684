"""Runs of `wrk` and their results."""

import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

SCRIPT = Path(__file__).with_name("load.lua")
Running = subprocess.Popen[str]
_RESULT = re.compile(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+)")


@dataclass(frozen=True)
class Request:
    """A request that is repeated; `COUNT` in its body is replaced by a new text each time."""

    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    pause: int = 0  # milliseconds between two requests on one connection, on average


@dataclass(frozen=True)
class Result:
    requests: int
    seconds: float
    median: float  # milliseconds, as `p99`
    p99: float
    errors: int

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def start(site: str, request: Request, *, seconds: int, connections: int) -> Running:
    if not shutil.which("wrk"):
        raise SystemExit("The benchmarks need wrk. On Debian or Ubuntu: apt install wrk")
    headers = [
        part for name, value in request.headers.items() for part in ("-H", f"{name}: {value}")
    ]
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(SCRIPT), *headers]
    method = ["POST", request.body] if request.body else ["GET", ""]
    arguments = [site + request.path, "--", *method, str(request.pause)]
    return subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, text=True)


def finish(process: Running) -> Result:
    output, _ = process.communicate()
    found = _RESULT.search(output)
    if not found:
        raise SystemExit(f"Unexpected output of wrk:\n{output}")
    requests, microseconds, median, p99, errors = map(int, found.groups())
    return Result(requests, microseconds / 1e6, median / 1000, p99 / 1000, errors)


def run(site: str, request: Request, *, seconds: int, connections: int) -> Result:
    return finish(start(site, request, seconds=seconds, connections=connections))
