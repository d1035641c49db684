"""The CPU time of a login, compared with that of its bcrypt check."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from itertools import repeat
from typing import NamedTuple
from urllib.parse import urlsplit

from benchmarks.load import Request
from benchmarks.member import Member
from benchmarks.servers import WORKERS, cpu_seconds

BATCH = 20
CHECK = Request("/check", body="nothing")


class LoginCost(NamedTuple):
    """CPU seconds of a login, and of a bare view that only checks a password."""

    whole: float
    check: float

    @property
    def overhead(self) -> float:
        """The login without its check, as a share of the check."""
        return self.whole / self.check - 1


def login_cost(
    site: str,
    site_processes: Iterable[int],
    bare: str,
    bare_processes: Iterable[int],
    member: Member,
    rounds: int,
) -> LoginCost:
    """Return the minima of some alternating rounds."""
    request = Request("/login", {"Cookie": member.visitor_cookie}, member.login_form)
    found = [
        (
            _seconds(site, request, site_processes, 302),
            _seconds(bare, CHECK, bare_processes, 200),
        )
        for _ in range(rounds)
    ]
    return LoginCost(*map(min, zip(*found, strict=True)))


def _seconds(site: str, request: Request, processes: Iterable[int], expected: int) -> float:
    """Return the CPU seconds of one request, with one connection for each worker."""
    before = cpu_seconds(processes)
    with ThreadPoolExecutor(WORKERS) as senders:
        statuses = list(senders.map(_status, repeat(site), repeat(request, BATCH)))
    if set(statuses) != {expected}:
        raise SystemExit(f"{request.path} returned {set(statuses)}, not {expected}.")
    return (cpu_seconds(processes) - before) / BATCH


def _status(site: str, request: Request) -> int:
    connection = HTTPConnection(urlsplit(site).netloc)
    try:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", request.path, request.body, request.headers | form)
        return connection.getresponse().status
    finally:
        connection.close()
