"""Two web hosts and a worker on one PostgreSQL, each in its own network namespace."""

import os
import pwd
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.processes import TIMEOUT, started

PORT = "5000"
# Addresses inside the namespaces, which this machine itself does not have.
DATABASE, ONE, OTHER, WORKER, READER = (f"10.111.0.{number}" for number in range(1, 6))
SETTINGS = {
    "DATABASE_URL": f"postgresql://flaskblog@{DATABASE}/flaskblog",
    "SITE_URL": "http://blog.example.org",
    "FLASKBLOG_ENV": "production",
    "SECRET_KEY": "Zq4vT8nX2kLw9RbY6mHs3JdF7cGp1AeU5oNi0tKx",
    "WORKERS": "1",
    "LOG_LEVEL": "WARNING",
}
SERVER = next(
    (str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None
)


def _skip_reason() -> str:
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return "needs root and the command `ip`, to make network namespaces"
    if SERVER is None:
        return "needs Debian's package postgresql"
    allowed = subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False)
    return "" if allowed.returncode == 0 else "this machine makes no network namespaces"


pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(bool(_skip_reason()), reason=_skip_reason()),
]


class Hosts:
    """Network namespaces connected by a bridge."""

    def __init__(self) -> None:
        self.mark = f"fb{os.getpid() % 100000}"

    def __enter__(self) -> "Hosts":
        self._made = ExitStack()
        switch = self._namespace("switch")
        _run("ip", "-n", switch, "link", "add", "bridge", "type", "bridge")
        _run("ip", "-n", switch, "link", "set", "bridge", "up")
        for number, address in enumerate([DATABASE, ONE, OTHER, WORKER, READER]):
            host = self._namespace(address)
            _run("ip", "-n", switch, "link", "add", f"port{number}", "type", "veth",
                 "peer", "name", "eth0", "netns", host)  # fmt: skip
            _run("ip", "-n", switch, "link", "set", f"port{number}", "master", "bridge", "up")
            _run("ip", "-n", host, "address", "add", f"{address}/24", "dev", "eth0")
            for link in ("eth0", "lo"):
                _run("ip", "-n", host, "link", "set", link, "up")
        return self

    def __exit__(self, *_: object) -> None:
        self._made.close()

    def at(self, address: str, *command: str) -> list[str]:
        return ["ip", "netns", "exec", f"{self.mark}-{address}", *command]

    def _namespace(self, name: str) -> str:
        _run("ip", "netns", "add", f"{self.mark}-{name}")
        self._made.callback(_run, "ip", "netns", "delete", f"{self.mark}-{name}")
        return f"{self.mark}-{name}"


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Hosts]:
    # PostgreSQL may not read the folder of the test.
    with TemporaryDirectory() as data, Hosts() as hosts, ExitStack() as running:
        _make_database(Path(data))
        postgres = hosts.at(DATABASE, *_as_postgres(f"{SERVER}/postgres", "-D", data))
        running.enter_context(started(postgres, tmp_path / "postgres.txt", {}))
        _wait(hosts.at(DATABASE, f"{SERVER}/pg_isready", "-h", DATABASE))
        _run(
            *hosts.at(
                DATABASE, f"{SERVER}/createdb", "-h", DATABASE, "-U", "flaskblog", "flaskblog"
            )
        )
        flask = [sys.executable, "-m", "flask", "--app", "run"]
        _run(*hosts.at(ONE, *flask, "db", "upgrade"), **SETTINGS)
        for address in (ONE, OTHER):
            settings = SETTINGS | {"HOST": address, "PORT": PORT}
            web = hosts.at(address, sys.executable, "run.py")
            running.enter_context(started(web, tmp_path / f"{address}.txt", settings))
        worker = hosts.at(WORKER, *flask, "worker")
        running.enter_context(started(worker, tmp_path / "worker.txt", SETTINGS))
        yield hosts


def test_hosts_share_sessions_posts_limits_and_the_worker(hosts: Hosts, project: Path) -> None:
    """The script runs in the namespace of a client."""
    client = subprocess.run(
        hosts.at(READER, sys.executable, "-c", CLIENT_SCRIPT),
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        timeout=2 * TIMEOUT,
        check=False,
    )
    assert client.returncode == 0, client.stderr
    assert client.stdout == "done\n"


CLIENT_SCRIPT = f"""
import json, socket, time
from tests.support.http_client import HttpClient

def at(host):
    socket.getaddrinfo = lambda _name, port, *rest, **named: look_up(host, port, *rest, **named)

look_up, hosts, site = socket.getaddrinfo, ("{ONE}", "{OTHER}"), "http://blog.example.org:{PORT}"
deadline = time.monotonic() + {TIMEOUT}
for host in hosts:
    at(host)
    while True:
        try:
            if json.loads(HttpClient(site).get("/readyz")[1])["checks"]["worker"]["state"] == "ok":
                break
        except OSError:
            pass
        assert time.monotonic() < deadline, host
        time.sleep(0.2)

at("{ONE}")
author = HttpClient(site)
author.sign_up("author")
at("{OTHER}")
status, _ = author.post("/post/new", csrf_token=author.token("/post/new"), title="On the other",
                        content="Some words.")
assert status == 302
at("{ONE}")
assert "On the other" in author.get("/")[1]

met = []
for number in range(6):
    at(hosts[number % 2])
    met.append(HttpClient(site).log_in("author", "a wrong password")[0])
assert 429 not in met[:4] and met[5] == 429, met
print("done")
"""


def _make_database(data: Path) -> None:
    postgres = pwd.getpwnam("postgres")
    os.chown(data, postgres.pw_uid, postgres.pw_gid)
    _run(*_as_postgres(f"{SERVER}/initdb", "-D", str(data), "-U", "flaskblog", "-A", "trust",
                       "--no-sync"))  # fmt: skip
    with (data / "pg_hba.conf").open("a") as rules:
        rules.write("host all all 10.111.0.0/24 trust\n")
    with (data / "postgresql.conf").open("a") as settings:
        settings.write(
            f"listen_addresses = '{DATABASE}'\nunix_socket_directories = ''\nfsync = off\n"
        )


def _as_postgres(*command: str) -> list[str]:
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]


def _wait(command: list[str]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while subprocess.run(command, capture_output=True, check=False).returncode:
        assert time.monotonic() < deadline, command
        time.sleep(0.1)


def _run(*command: str, **settings: str) -> None:
    done = subprocess.run(
        command, env=os.environ | settings, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (command, done.stderr)
