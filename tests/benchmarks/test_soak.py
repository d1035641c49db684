"""The soak test: each of its checks fails when it must, and a short run finds nothing."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from benchmarks.soak import hostile
from benchmarks.soak.judge import GUESS, Usage, checks, errors, usage
from benchmarks.soak.traffic import Traffic
from benchmarks.soak.visitor import Site, VisitEndsError, Visitor
from tests.support.processes import environment

BEFORE = Usage(memory=180, threads=20, files=90, connections=15, processes=frozenset({1, 2}))
# What a busy machine decides in a run of seconds.
UNSTEADY = ("growth", "kinds without success", "guesses never limited")


@pytest.fixture
def traffic() -> Traffic:
    """Traffic that passes every check."""
    traffic = Traffic()
    traffic.count("write", 302, is_right=True, note="")
    traffic.count(GUESS, 429, is_right=True, note="")
    return traffic


def failures(
    traffic: Traffic, after: Usage = BEFORE, lost: tuple[str, ...] = (), log: tuple[str, ...] = ()
) -> list[str]:
    judged = checks(BEFORE, after, traffic, ["write"], [*lost], errors(log))
    return [check.name for check in judged if check.has_failed]


def test_a_site_that_is_as_before_passes(traffic: Traffic) -> None:
    assert failures(traffic) == []


@pytest.mark.parametrize(
    ("after", "name"),
    [
        (BEFORE._replace(memory=200.1), "growth of memory, MiB"),
        (BEFORE._replace(threads=21), "growth of threads"),
        (BEFORE._replace(files=99), "growth of open files"),
        (BEFORE._replace(connections=20), "growth of sockets"),
        (BEFORE._replace(processes=frozenset({1, 3})), "processes ended or added"),
    ],
)
def test_a_site_that_uses_more_than_before_fails(traffic: Traffic, after: Usage, name: str) -> None:
    assert failures(traffic, after) == [name]


def test_a_site_may_use_20_mib_more_and_what_its_pools_hold(traffic: Traffic) -> None:
    assert failures(traffic, BEFORE._replace(memory=200, files=98, connections=19)) == []


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (500, "5xx"),
        (503, "5xx"),
        (0, "requests without an answer"),
        (400, "other unexpected answers"),
    ],
)
def test_an_unexpected_answer_fails(traffic: Traffic, status: int, name: str) -> None:
    traffic.count("read", status, is_right=False, note="GET /")
    assert failures(traffic) == [name]
    assert traffic.notes == [f"read: {status}, GET /"]


def test_a_lost_write_fails(traffic: Traffic) -> None:
    assert failures(traffic, lost=("/post/1",)) == ["acknowledged writes lost"]


@pytest.mark.parametrize(
    "line",
    ['{"level": "error"}', '{"level": "critical"}', "Traceback (most recent call last):", "[]"],
)
def test_an_error_in_the_log_fails(traffic: Traffic, line: str) -> None:
    assert failures(traffic, log=('{"level": "warning"}', "\n", line)) == ["errors in the log"]


def test_a_kind_of_visit_that_never_succeeds_fails(traffic: Traffic) -> None:
    traffic.answers["write"].clear()
    traffic.count("write", 429, is_right=True, note="")
    assert failures(traffic) == ["kinds without success"]


def test_guesses_at_passwords_that_meet_no_limit_fail(traffic: Traffic) -> None:
    traffic.answers[GUESS].clear()
    assert failures(traffic) == ["guesses never limited"]


def test_usage_counts_memory_threads_files_sockets_and_child_processes() -> None:
    code = """
import os, socket, sys, threading, time
print(flush=True), input()
kept = [bytearray(b"x") * 2**25, open(os.devnull), socket.socket()]
threading.Thread(target=time.sleep, args=[60], daemon=True).start()
print(flush=True), input()
if not os.fork():
    sys.exit(input())
print(flush=True), os.wait()
"""
    command = [sys.executable, "-c", code]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin
        assert process.stdout
        found = []
        for _ in range(3):
            process.stdout.readline()
            found.append(usage(process.pid))
            process.stdin.write("\n")
            process.stdin.flush()
    empty, filled, forked = found
    assert empty.processes == filled.processes == {process.pid}
    assert filled[1:4] == (empty.threads + 1, empty.files + 1, empty.connections + 1)
    assert filled.memory > empty.memory + 31
    assert forked.processes > {process.pid}
    assert forked[1:4] == (filled.threads + 1, 2 * filled.files, 2 * filled.connections)


@pytest.mark.parametrize(("status", "text"), [(200, "newer"), (404, "older"), (500, "newer")])
def test_a_write_is_lost_unless_it_is_read_back_as_it_was_written_last(
    status: int, text: str
) -> None:
    traffic, requests = Traffic(), []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(status, text=text)

    traffic.expect("/drafts", text="older", reader="author", cookie="session=1")
    traffic.expect("/drafts", text="newer", reader="author", cookie="session=2")
    with httpx.Client(transport=httpx.MockTransport(answer), base_url="http://site") as client:
        lost = traffic.lost(client)
    assert len(lost) == (0 if status == 200 else 1)
    assert [request.headers["Cookie"] for request in requests] == ["session=2"]


class BrokenSite(BaseHTTPRequestHandler):
    """Answers 500, and 503 to a form."""

    def do_GET(self) -> None:
        self.send_error(500)

    def do_POST(self) -> None:
        self.send_error(503)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def broken_site() -> Iterator[Site]:
    with ThreadingHTTPServer(("127.0.0.1", 0), BrokenSite) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Site(f"http://127.0.0.1:{server.server_port}", ends_at=float("inf"))
        server.shutdown()
        thread.join()


def test_a_visit_ends_at_an_error_which_is_counted(broken_site: Site) -> None:
    with Visitor(broken_site, "read") as visitor, pytest.raises(VisitEndsError):
        visitor.read("/")
    assert broken_site.traffic.wrong == {500: 1}


@pytest.mark.parametrize(("sort", "status"), [("not found", 500), ("large body", 503)])
def test_an_error_in_answer_to_a_hostile_request_is_counted(
    broken_site: Site, monkeypatch: pytest.MonkeyPatch, sort: str, status: int
) -> None:
    monkeypatch.setattr(hostile, "SORTS", {sort: hostile.SORTS[sort]})
    hostile.send_malformed(broken_site)
    assert broken_site.traffic.wrong == {status: 1}


@pytest.mark.parametrize(
    ("answer", "is_slow", "is_harmless"),
    [
        (b"HTTP/1.1 503 Busy\r\nretry-after: 5\r\n\r\n", True, True),
        (b"HTTP/1.1 503 Busy\r\nretry-after: 5\r\n\r\n", False, False),
        (b"HTTP/1.1 503 Busy\r\n\r\n", True, False),
        (b"HTTP/1.1 500 Oops\r\nretry-after: 5\r\n\r\n", True, False),
        (b"HTTP/1.1 413 Too large\r\n\r\n", False, True),
        (b"", False, True),
    ],
)
def test_only_a_slow_body_may_be_refused_by_503(
    answer: bytes, is_slow: bool, is_harmless: bool
) -> None:
    assert hostile.is_harmless(answer, is_slow=is_slow) == is_harmless


@pytest.mark.server
def test_a_run_of_seconds_finds_no_error_and_no_lost_write(
    database_url: str, tmp_path: Path
) -> None:
    options = ["--minutes", "0.1", "--rest", "0", "--posts", "50"]
    if database_url.startswith("postgresql"):
        options += ["--database-url", database_url]
    command = [sys.executable, "-m", "benchmarks.soak", *options]
    run = subprocess.run(
        command,
        env=environment() | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    failed = [line for line in run.stdout.splitlines() if line.endswith("FAILED")]
    assert "acknowledged writes lost              0        0" in run.stdout, run.stderr
    assert run.returncode == (1 if failed else 0)
    assert not [line for line in failed if not line.startswith(UNSTEADY)], run.stdout
    assert [*tmp_path.iterdir()] == []
