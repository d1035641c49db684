"""deploy/nginx.conf, with nginx in front of the site."""

import os
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.support.concurrent_requests import concurrent_requests
from tests.support.http_client import HttpClient
from tests.support.processes import PROJECT, TIMEOUT, RunningProcess, free_port, started

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
PICTURE = f"{'0123456789abcdef' * 2}.webp"
SLOW = 40
VISITORS = 12

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(
        NGINX is None and "CI" not in os.environ,
        reason="nginx is not installed: apt install nginx-light",
    ),
]


class Proxy:
    """nginx, and the site behind it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.back = free_port(), free_port()
        self.address = f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        return {
            "PORT": str(self.back), "SITE_URL": self.address, "TRUSTED_PROXIES": "1",
            "DATABASE_URL": f"sqlite:///{self.folder / 'own.db'}",
            "MEDIA_FOLDER": str(self.folder / "media"),
        }  # fmt: skip

    def configuration(self) -> Path:
        """Write the shipped file with the paths and ports of this test."""
        text = (PROJECT / "deploy/nginx.conf").read_text()
        for shipped, here in {
            "127.0.0.1:5000": f"127.0.0.1:{self.back}",
            "listen 80;": f"listen 127.0.0.1:{self.port};",
            "/srv/flaskblog/flaskblog/static/": f"{PROJECT}/flaskblog/static/",
            "/srv/flaskblog/instance/media/": f"{self.folder}/media/",
            "/var/log/nginx/flaskblog.log": f"{self.folder}/access.log",
        }.items():
            assert shipped in text
            text = text.replace(shipped, here)
        user = "user root;" if os.geteuid() == 0 else ""
        path = self.folder / "nginx.conf"
        path.write_text(
            f"{user} daemon off; pid {self.folder}/pid; error_log stderr; events {{}}\n"
            f"http {{ include /etc/nginx/mime.types;\n{text}}}\n"
        )
        return path


@contextmanager
def running(folder: Path) -> Iterator[tuple[Proxy, RunningProcess]]:
    front = Proxy(folder)
    (folder / "media").mkdir()
    (folder / "media" / PICTURE).write_bytes(b"a picture")
    upgrade = ["flask", "--app", "run", "db", "upgrade"]
    with started(upgrade, folder / "upgrade.txt", front.settings) as upgrading:
        assert upgrading.process.wait(TIMEOUT) == 0, upgrading.output
    nginx = [str(NGINX), "-c", str(front.configuration()), "-p", str(folder), "-e", "stderr"]
    site = [sys.executable, "run.py"]
    with (
        started(nginx, folder / "nginx.txt", {}),
        started(site, folder / "site.txt", front.settings) as live,
    ):
        live.address()
        yield front, live


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with running(tmp_path_factory.mktemp("nginx")) as (front, _live):
        yield front


def test_slow_and_half_open_connections_do_not_block_others(front: Proxy) -> None:
    head = b"Host: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    half_open = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half"
    slow_body = b"POST /login HTTP/1.1\r\n" + head + b"Content-Length: 1000\r\n\r\nemail="
    with ExitStack() as connections:
        for beginning in [half_open, slow_body] * SLOW:
            visitor = socket.create_connection(("127.0.0.1", front.port))
            connections.enter_context(visitor).sendall(beginning)
        time.sleep(0.3)
        for path in ("/", "/login", "/static/favicon.svg"):
            begun = time.monotonic()
            assert HttpClient(front.address).get(path)[0] == 200
            assert time.monotonic() - begun < 2


def test_static_files_and_pictures_are_served_by_nginx(front: Proxy) -> None:
    with urlopen(f"{front.address}/static/favicon.svg") as answer:
        assert answer.headers["Content-Type"] == "image/svg+xml"
        assert answer.headers["X-Request-ID"] is None
    with urlopen(f"{front.address}/media/{PICTURE}") as answer:
        assert answer.read() == b"a picture"
        assert answer.headers["Content-Type"] == "image/webp"
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Request-ID"] is None
    with urlopen(f"{front.address}/login") as answer:
        assert answer.headers["X-Request-ID"]


@pytest.mark.parametrize(
    "path",
    ["/media/own.db", "/media/../own.db", "/media/%2e%2e/own.db", "/static/../__init__.py",
     "/static../__init__.py", "/metrics"],
)  # fmt: skip
def test_no_other_files_and_no_metrics_are_served(front: Proxy, path: str) -> None:
    assert HttpClient(front.address).get(path)[0] in {400, 404}


def test_clients_cannot_forge_their_address(front: Proxy) -> None:
    """The rate limit of an address is 10 attempts."""
    met = set()
    for number in range(11):
        visitor = HttpClient(front.address, forwarded_for=f"198.51.100.{number}")
        token = visitor.token("/reset_password")
        address = f"somebody{number}@example.org"
        status, _ = visitor.post("/reset_password", csrf_token=token, email=address)
        met.add(status)
    assert 429 in met


def test_the_body_size_limit_allows_pictures(front: Proxy) -> None:
    visitor = HttpClient(front.address)
    assert visitor.post("/account", words="x" * 9 * 1024**2)[0] != 413
    assert visitor.post("/account", words="x" * 11 * 1024**2)[0] == 413


def test_a_shutdown_under_load_finishes_all_requests_passed_by_nginx(tmp_path: Path) -> None:
    with running(tmp_path) as (front, live), concurrent_requests(VISITORS, front.port) as met:
        deadline = time.monotonic() + TIMEOUT
        while met["200"] < 2 * VISITORS and time.monotonic() < deadline:
            time.sleep(0.05)
        live.process.terminate()
        assert live.process.wait(TIMEOUT) == 0
        time.sleep(0.2)
        passed_on = (tmp_path / "access.log").read_text().splitlines()
    # 502 without a time: nobody listened any more, and nothing was passed on.
    statuses = {line.split()[3] for line in passed_on}
    assert statuses == {"200", "502"}
    assert "prematurely closed" not in (tmp_path / "nginx.txt").read_text()
    assert "reset by peer" not in (tmp_path / "nginx.txt").read_text()
    assert met.keys() == {"200", "502"}
