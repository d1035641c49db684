"""Databases of a test's own: SQLite files, and databases on the server of this machine."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import OperationalError

from tests.support.processes import TIMEOUT, free_port

DEFAULT = "postgresql://root@127.0.0.1:5432/postgres"


@contextmanager
def postgresql() -> Iterator[str]:
    """The address of a new and empty database; skips where no server answers, never in CI."""
    server = _server()
    name = f"flaskblog_test_{secrets.token_hex(4)}"
    engine = create_engine(
        server, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 2}
    )
    try:
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
    except OperationalError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no PostgreSQL to test with: {error.orig}")
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()


class Redis:
    """A Redis server of a test's own, which may be killed and started again."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("redis-server")
        if program is None:
            if os.environ.get("CI"):
                raise FileNotFoundError("redis-server is not installed")
            pytest.skip("Redis is not installed")
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._command = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self._folder = folder

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
        )
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            time.sleep(0.02)
        raise AssertionError("Redis does not answer")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


class Cluster:
    """A PostgreSQL server of a test's own, which may be restarted and have its processes killed."""

    def __init__(self, folder: Path) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not found:
            if os.environ.get("CI"):
                raise FileNotFoundError("PostgreSQL is not installed")
            pytest.skip("PostgreSQL is not installed")
        self._programs = found[-1].parent
        self._folder = folder
        self._as_user: list[str] = []
        if os.getuid() == 0:
            # PostgreSQL refuses to be root.
            shutil.chown(folder, "postgres")
            self._as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        self.port = free_port()
        self.url = f"postgresql://owner@127.0.0.1:{self.port}/postgres"
        made = [str(self._programs / "initdb"), "-D", str(folder / "data"), "-U", "owner"]
        options = ["-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run([*self._as_user, *made, *options], check=True, capture_output=True)

    def start(self) -> None:
        options = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self._folder),
            "port": str(self.port),
        }
        command = [str(self._programs / "postgres"), "-D", str(self._folder / "data")]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        with (self._folder / "log").open("ab") as log:
            self.process = subprocess.Popen([*self._as_user, *command], stdout=log, stderr=log)
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            with suppress(psycopg.OperationalError):
                psycopg.connect(self.url, connect_timeout=2).close()
                return
            time.sleep(0.05)
        raise AssertionError((self._folder / "log").read_text())

    def stop(self) -> None:
        """Cut every connection, as a restart does."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(TIMEOUT)


def _server() -> URL:
    given = os.environ.get("DATABASE_URL", "")
    if not given.startswith("postgres"):
        given = os.environ.get("TEST_POSTGRESQL_URL", DEFAULT)
    return make_url(given).set(drivername="postgresql+psycopg")
