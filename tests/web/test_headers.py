"""Every response has the security headers: pages, files and errors."""

from collections.abc import Callable

import pytest
from flask import Flask, abort
from werkzeug.test import TestResponse

from flaskblog.web.headers import HEADERS
from tests.conftest import make_app
from tests.support.client import Client, browser

RESPONSES: dict[str, tuple[int, Callable[[Client], TestResponse]]] = {
    "a page": (200, lambda client: client.get("/")),
    "a page without its body": (200, lambda client: client.head("/")),
    "what an address takes": (200, lambda client: client.options("/login")),
    "a file": (200, lambda client: client.get("/static/css/page.css")),
    "a file that is known": (
        304,
        lambda client: client.get(
            "/static/css/page.css",
            headers={"If-None-Match": client.get("/static/css/page.css").headers["etag"]},
        ),
    ),
    "part of a file": (
        206,
        lambda client: client.get("/static/css/page.css", headers={"Range": "bytes=0-9"}),
    ),
    "a wrong part of a file": (
        416,
        lambda client: client.get("/static/css/page.css", headers={"Range": "bytes=9999999-"}),
    ),
    "a file that is not there": (404, lambda client: client.get("/static/nothing.css")),
    "a redirect": (302, lambda client: client.get("/post/new")),
    "a forged form": (400, lambda client: client.post("/login")),
    "a foreign host": (400, lambda client: client.get("/", headers={"Host": "evil.example"})),
    "a malformed host": (400, lambda client: client.get("/", headers={"Host": "["})),
    "broken text": (400, lambda client: client.get_bytes(b"/\xff")),
    "nothing": (404, lambda client: client.get("/nothing")),
    "a wrong method": (405, lambda client: client.delete("/")),
    "a huge body": (
        413,
        lambda client: client.post(
            "/login", data=b"x" * 3_000_000, content_type="application/x-www-form-urlencoded"
        ),
    ),
    "JSON": (200, lambda client: client.get("/livez")),
}


def assert_secure(answer: TestResponse) -> None:
    for name, value in HEADERS.items():
        assert answer.headers.getlist(name) == [value]
    assert "Server" not in answer.headers
    assert answer.headers["Cache-Control"]


@pytest.mark.parametrize("name", RESPONSES)
def test_a_response_has_every_security_header(client: Client, name: str) -> None:
    status, ask = RESPONSES[name]
    answer = ask(client)
    assert answer.status_code == status
    assert_secure(answer)
    assert "Strict-Transport-Security" not in answer.headers


@pytest.mark.parametrize("code", [403, 500, 503])
def test_an_error_has_every_security_header(database_url: str, code: int) -> None:
    app = make_app(database_url)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.view_functions["main.about"] = lambda: abort(code)
    answer = browser(app).get("/about")
    assert answer.status_code == code
    assert_secure(answer)


def test_the_content_security_policy_forbids_inline_code_and_other_sites() -> None:
    policy = dict(
        part.strip().split(" ", 1) for part in HEADERS["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["base-uri"] == "'none'"
    assert {source for sources in policy.values() for source in sources.split()} <= {
        "'none'",
        "'self'",
    }
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"


@pytest.mark.parametrize("scheme", ["https", "HTTPS"])
def test_hsts_is_sent_if_site_url_is_https(database_url: str, scheme: str) -> None:
    app = make_app(database_url, SITE_URL=f"{scheme}://blog.example.org")
    for address in ("/about", "/static/css/page.css", "/nothing"):
        answer = browser(app).get(address, base_url="https://blog.example.org")
        assert (
            int(answer.headers["Strict-Transport-Security"].split(";")[0].split("=")[1]) >= 31536000
        )


def test_pages_of_a_session_are_not_stored_by_caches(client: Client, author_client: Client) -> None:
    assert client.get("/about").headers["Cache-Control"] == "no-cache"
    for address in ("/", "/about", "/post/new", "/nothing"):
        assert author_client.get(address).headers["Cache-Control"] == "no-store"


def test_static_files_are_cached(app: Flask, author_client: Client) -> None:
    cached = author_client.get("/static/css/page.css").headers["Cache-Control"]
    assert f"max-age={app.config['SEND_FILE_MAX_AGE_DEFAULT'].total_seconds():.0f}" in cached


EMBEDDABLE = ["/user/author/initials.svg", "/media/x.webp", "/static/icon.png"]
NOT_EMBEDDABLE = ["/", "/about", "/static/css/page.css", "/media/x/y", "/static/js/x.png/y"]


@pytest.mark.parametrize("address", EMBEDDABLE)
def test_other_sites_may_embed_pictures_and_icons(client: Client, address: str) -> None:
    headers = client.get(address).headers
    assert headers.getlist("Cross-Origin-Resource-Policy") == ["cross-origin"]
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("address", NOT_EMBEDDABLE)
def test_other_sites_may_embed_nothing_else(client: Client, address: str) -> None:
    headers = client.get(address).headers
    assert headers.getlist("Cross-Origin-Resource-Policy") == ["same-origin"]
