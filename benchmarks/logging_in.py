"""What a log-in costs beside the bcrypt check in it: seconds of CPU, since no wait matters here."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from itertools import repeat
from typing import NamedTuple
from urllib.parse import urlsplit

from benchmarks.load import Request
from benchmarks.member import Member
from benchmarks.servers import WORKERS, cpu

AT_A_TIME = 20
CHECK = Request("/check", body="nothing")


class LogIn(NamedTuple):
    """Seconds of CPU of a whole log-in, and of a bare view that only checks a password."""

    whole: float
    check: float

    @property
    def rest(self) -> float:
        """All but the check, as a share of it."""
        return self.whole / self.check - 1


def log_ins(
    site: str, web: Iterable[int], limit: str, bare: Iterable[int], member: Member, rounds: int
) -> LogIn:
    """The least of some rounds, turn about; `web` and `bare` are the processes that answer."""
    request = Request("/login", {"Cookie": member.visitors_cookie}, member.log_in_fields)
    found = [
        (_seconds(site, request, web, 302), _seconds(limit, CHECK, bare, 200))
        for _ in range(rounds)
    ]
    return LogIn(*map(min, zip(*found, strict=True)))


def _seconds(site: str, request: Request, processes: Iterable[int], expected: int) -> float:
    """Of CPU for one request, with as many at once as there are workers."""
    before = cpu(processes)
    with ThreadPoolExecutor(WORKERS) as senders:
        statuses = list(senders.map(_status, repeat(site), repeat(request, AT_A_TIME)))
    if set(statuses) != {expected}:
        raise SystemExit(f"{request.path} answers {set(statuses)}, not {expected}.")
    return (cpu(processes) - before) / AT_A_TIME


def _status(site: str, request: Request) -> int:
    connection = HTTPConnection(urlsplit(site).netloc)
    try:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", request.path, request.body, request.headers | form)
        return connection.getresponse().status
    finally:
        connection.close()
