"""deploy/nginx.conf and deploy/Caddyfile, in front of the site."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import pytest
from flask import Flask

from flaskblog.database.base import Base
from flaskblog.extensions import db
from tests.conftest import make_app
from tests.support.client import browser
from tests.support.crawler import Received, crawl, receive
from tests.support.examples import MEMBERS_PAGES, VISITORS_PAGES
from tests.support.factories import make_post, make_user
from tests.support.http_client import HttpClient
from tests.support.proxies import Caddy, Nginx, Proxy, running
from tests.support.uploads import JPEG, upload

SLOW = 40

pytestmark = pytest.mark.server


@pytest.fixture(scope="module", params=[Nginx, Caddy])
def front(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    proxy: Proxy = request.param(tmp_path_factory.mktemp("proxy"))
    with running(proxy):
        yield proxy


@pytest.fixture
def site(front: Proxy) -> Iterator[Flask]:
    """The site behind the proxy, for what a test writes there; empty again after it."""
    site = make_app(front.settings["DATABASE_URL"], **front.settings)
    with site.app_context():
        yield site
        db.session.rollback()
        for table in reversed(Base.metadata.sorted_tables):
            db.session.execute(table.delete())
        db.session.commit()


def test_a_proxy_passes_on_every_url_that_a_page_names(front: Proxy, site: Flask) -> None:
    author = make_user("author")
    posts = [make_post(author) for _ in range(7)]
    posts[0].revise("A title", "Two lines.")
    db.session.commit()
    examples = {"TOKEN": author.reset_token(), "/post/1": f"/post/{posts[0].id}"}
    member = browser(site)
    member.start_session(author)
    assert upload(member, JPEG).status_code == 302
    cookie = member.get_cookie("session")
    assert cookie
    for pages, sent in [
        (VISITORS_PAGES, {}),
        (MEMBERS_PAGES, {"Cookie": f"session={cookie.value}"}),
    ]:
        start = {_filled(url, examples) for url in pages.values()}
        met = crawl(start, partial(same_from_both, front, sent))
        kinds = {url.split("/")[1].partition("?")[0] for url in met}
        assert {"static", "media", "user", "post", "manifest.webmanifest"} <= kinds
        assert any(url.startswith("/static/style.css?v=") for url in met)


def _filled(url: str, examples: dict[str, str]) -> str:
    for example, value in examples.items():
        url = url.replace(example, value)
    return url


def same_from_both(front: Proxy, sent: dict[str, str], url: str) -> Received:
    """Return the proxy's response, which is that of the site itself."""
    host = {"Host": f"127.0.0.1:{front.port}"}
    forwarded = {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http"}
    direct = receive(front.back, url, host | forwarded | sent)
    proxied = receive(front.port, url, host | sent)
    assert proxied == direct, url
    assert direct.status in {200, 301, 302}, url
    return proxied


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
    # 502 by Caddy 2.6, which buffers the beginning and then gives up.
    assert visitor.post("/account", words="x" * 11 * 1024**2)[0] in {413, 502}
