"""Durability: processes killed under load, and a database that crashes or restarts."""

import os
import re
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

import psycopg
import pytest

from tests.support.databases import Cluster
from tests.support.factories import PASSWORD
from tests.support.http_client import HttpClient
from tests.support.processes import TIMEOUT, RunningProcess, free_port, is_answering, started

pytestmark = pytest.mark.server

WRITERS = 3


class Load:
    """Clients that publish without pause; `confirmed` has the titles of successful responses."""

    def __init__(self, address: str) -> None:
        self.confirmed: list[str] = []
        self._address = address
        self._stop = Event()
        self._threads = [Thread(target=self._write, args=[number]) for number in range(WRITERS)]

    def _write(self, number: int) -> None:
        written = 0
        while not self._stop.is_set():
            with suppress(OSError, AssertionError):
                visitor = HttpClient(self._address)
                visitor.log_in("author", PASSWORD)
                token = visitor.token("/post/new")
                while not self._stop.is_set():
                    title = f"Post {number} {written}"
                    written += 1
                    fields = {"title": title, "content": "words", "csrf_token": token}
                    if visitor.post("/post/new", **fields)[0] == 302:
                        self.confirmed.append(title)
            time.sleep(0.05)

    def wait_for_more(self) -> None:
        target = len(self.confirmed) + 10
        deadline = time.monotonic() + TIMEOUT
        while len(self.confirmed) < target:
            assert time.monotonic() < deadline, f"{len(self.confirmed)} posts, and no more"
            time.sleep(0.02)

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with TemporaryDirectory() as folder:
        cluster = Cluster(Path(folder))
        cluster.start()
        yield cluster
        cluster.stop()


@pytest.fixture
def serve(tmp_path: Path) -> Callable[[str], AbstractContextManager[RunningProcess]]:
    port = str(free_port())

    def serve(url: str) -> AbstractContextManager[RunningProcess]:
        settings = {
            "FLASKBLOG_ENV": "test",
            "DATABASE_URL": url,
            "PORT": port,
            "RATELIMIT_ENABLED": "false",
        }
        command = [sys.executable, "-m", "flask", "--app", "run", "start"]
        return started(command, tmp_path / "log", settings)

    return serve


def children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == parent:
                found.append(int(stat.parent.name))
    return sorted(found)


def web_pid(live: RunningProcess) -> int:
    started = re.search(r"web.*started \(pid=(\d+)\)", live.output)
    assert started
    return int(started[1])


@contextmanager
def stored_titles(url: str) -> Iterator[set[str]]:
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        yield {title for (title,) in connection.execute("SELECT title FROM post")}
        connection.close()
    else:
        with psycopg.connect(url) as server:
            yield {title for (title,) in server.execute("SELECT title FROM post")}


def test_killed_processes_lose_no_confirmed_write_on_sqlite(
    tmp_path: Path, serve: Callable[[str], AbstractContextManager[RunningProcess]]
) -> None:
    url = f"sqlite:///{tmp_path / 'site.db'}"
    with serve(url) as live:
        address = live.address()
        HttpClient(address).sign_up("author")
        with Load(address) as load:
            for process in children(web_pid(live))[-2:]:
                load.wait_for_more()
                os.kill(process, signal.SIGKILL)
            load.wait_for_more()
            for group in live.groups():  # all processes, while they write
                os.killpg(group, signal.SIGKILL)
    with serve(url) as live:
        assert is_answering(live.address())
    with stored_titles(url) as titles:
        assert titles >= {*load.confirmed}


def test_a_database_crash_or_restart_loses_no_confirmed_write_and_is_reconnected(
    cluster: Cluster, serve: Callable[[str], AbstractContextManager[RunningProcess]]
) -> None:
    with serve(cluster.url) as live:
        address = live.address()
        HttpClient(address).sign_up("author")
        with Load(address) as load:
            load.wait_for_more()
            os.kill(children(web_pid(live))[-1], signal.SIGKILL)
            load.wait_for_more()
            os.kill(children(cluster.process.pid)[-1], signal.SIGKILL)
            load.wait_for_more()
            cluster.stop()
            cluster.start()
            load.wait_for_more()
        cluster.stop()
        cluster.start()
        assert HttpClient(address).get("/")[0] == 200
        assert live.process.poll() is None, live.output
        with stored_titles(cluster.url) as titles:
            assert titles >= {*load.confirmed}
