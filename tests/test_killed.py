"""Processes that are killed while people write, and a database that is restarted under them."""

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

from tests.databases import Cluster
from tests.factories import PASSWORD
from tests.live import PATIENCE, Live, free_port, is_answering, started
from tests.visitor import Visitor

WRITERS = 3


class Load:
    """People who write without a pause; `answered` has the titles of those told that it worked."""

    def __init__(self, address: str) -> None:
        self.answered: list[str] = []
        self._address = address
        self._enough = Event()
        self._threads = [Thread(target=self._write, args=[number]) for number in range(WRITERS)]

    def _write(self, number: int) -> None:
        written = 0
        while not self._enough.is_set():
            with suppress(OSError, AssertionError):
                visitor = Visitor(self._address)
                visitor.log_in("writer", PASSWORD)
                token = visitor.token("/post/new")
                while not self._enough.is_set():
                    title = f"Post {number} {written}"
                    written += 1
                    words = {"title": title, "content": "words", "csrf_token": token}
                    if visitor.post("/post/new", **words)[0] == 302:
                        self.answered.append(title)
            time.sleep(0.05)

    def wait_for_more(self) -> None:
        enough = len(self.answered) + 10
        deadline = time.monotonic() + PATIENCE
        while len(self.answered) < enough:
            assert time.monotonic() < deadline, f"{len(self.answered)} posts, and no more"
            time.sleep(0.02)

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
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
def serve(tmp_path: Path) -> Callable[[str], AbstractContextManager[Live]]:
    port = str(free_port())

    def serve(url: str) -> AbstractContextManager[Live]:
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


def web(live: Live) -> int:
    told = re.search(r"web.*started \(pid=(\d+)\)", live.output)
    assert told
    return int(told[1])


@contextmanager
def written(url: str) -> Iterator[set[str]]:
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        yield {title for (title,) in connection.execute("SELECT title FROM post")}
        connection.close()
    else:
        with psycopg.connect(url) as server:
            yield {title for (title,) in server.execute("SELECT title FROM post")}


def test_a_killed_server_process_loses_no_answered_write_on_sqlite(
    tmp_path: Path, serve: Callable[[str], AbstractContextManager[Live]]
) -> None:
    url = f"sqlite:///{tmp_path / 'site.db'}"
    with serve(url) as live:
        address = live.address()
        Visitor(address).sign_up("writer")
        with Load(address) as load:
            for process in children(web(live))[-2:]:
                load.wait_for_more()
                os.kill(process, signal.SIGKILL)
            load.wait_for_more()
            for group in live.groups():  # all of it, in the midst of writing
                os.killpg(group, signal.SIGKILL)
    with serve(url) as live:
        assert is_answering(live.address())
    with written(url) as titles:
        assert titles >= {*load.answered}


def test_a_database_that_crashes_or_restarts_loses_no_answered_write_and_is_found_again(
    cluster: Cluster, serve: Callable[[str], AbstractContextManager[Live]]
) -> None:
    with serve(cluster.url) as live:
        address = live.address()
        Visitor(address).sign_up("writer")
        with Load(address) as load:
            load.wait_for_more()
            os.kill(children(web(live))[-1], signal.SIGKILL)
            load.wait_for_more()
            os.kill(children(cluster.process.pid)[-1], signal.SIGKILL)
            load.wait_for_more()
            cluster.stop()
            cluster.start()
            load.wait_for_more()
        cluster.stop()
        cluster.start()
        assert Visitor(address).get("/")[0] == 200
        assert live.process.poll() is None, live.output
        with written(cluster.url) as titles:
            assert titles >= {*load.answered}
