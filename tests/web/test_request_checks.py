"""Requests that are rejected before any view: unknown hosts, forged forms, large bodies."""

import gc
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import create_environ, run_wsgi_app

from flaskblog.extensions import db
from flaskblog.models import Post
from flaskblog.web.request_checks import LARGE_FORM, MAX_URL_LENGTH
from tests.conftest import make_app
from tests.support.client import Client, browser, is_own_page, read

HTTPS = "https://blog.example.org"
PLACES = ["/", "/nothing/here", "/static/favicon.svg", "/post/1", "/livez"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "evil.example:5000", "localhost@evil.example",
     "127.0.0.1.evil.example", "[::1", "[", "a b", "localhost:port", "localhost/x", "a\tb", "%00",
     "localhost:123456", "localhost:" + "1" * 60_000],
)  # fmt: skip
def test_an_unknown_or_malformed_host_is_rejected(client: Client, host: str, place: str) -> None:
    answer = client.get(place, headers={"Host": host})
    assert answer.status_code == 400
    assert is_own_page(answer)
    assert "evil.example" not in answer.text


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST", "localhost:80", "LocalHost:9999", "127.0.0.1:5000", "[::1]:5000"],
)
def test_known_hosts_are_accepted_in_any_case_and_with_any_port(client: Client, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "address",
    ["/login?next=/", "/user/", "/user//", "/post/1?x=", "/nothing/", "/static/", "/media/x"],
)
def test_an_address_that_is_too_long_is_rejected(client: Client, address: str) -> None:
    longest = address + "a" * (MAX_URL_LENGTH + address.count("?") - len(address))
    assert client.get(longest).status_code in {200, 302, 308, 404}
    refused = client.get(longest + "a")
    assert refused.status_code == 414
    assert is_own_page(refused)
    assert "The address is too long." in refused.text


def test_the_api_rejects_an_address_that_is_too_long_with_a_problem(client: Client) -> None:
    refused = client.get(f"/api/posts?author={'a' * MAX_URL_LENGTH}")
    assert (refused.status_code, refused.mimetype) == (414, "application/problem+json")


def test_the_host_of_site_url_is_accepted(database_url: str) -> None:
    app = make_app(database_url, SITE_URL="https://Blog.Example.org")
    for host in ("blog.example.org", "BLOG.example.ORG:8443"):
        assert browser(app).get("/about", headers={"Host": host}).status_code == 200
    assert browser(app).get("/about", headers={"Host": "example.org"}).status_code == 400


@pytest.mark.parametrize("address", ["/register", "/login", "/logout", "/post/new", "/nothing"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://["},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    ],
    ids=str,
)
def test_a_form_from_another_origin_is_rejected(
    author_client: Client, address: str, headers: dict[str, str]
) -> None:
    token = author_client.token("/post/new")
    answer = author_client.post(
        address,
        data={"csrf_token": token, "title": "Forged", "content": "words"},
        headers=headers,
    )
    assert answer.status_code == 400
    assert is_own_page(answer)
    assert author_client.get("/post/new").status_code == 200, "still logged in"
    assert db.session.scalar(select(func.count(Post.id))) == 0


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://127.0.0.1:5000"},
        {"Sec-Fetch-Site": "none"},
    ],
    ids=str,
)
def test_a_form_from_the_own_origin_is_accepted(
    author_client: Client, headers: dict[str, str]
) -> None:
    token = author_client.token("/post/new")
    answer = author_client.post(
        "/post/new",
        data={"csrf_token": token, "title": "Ours", "content": "words"},
        headers=headers,
    )
    assert answer.status_code == 302


def test_the_origin_of_site_url_is_accepted_for_every_host(database_url: str) -> None:
    client = browser(make_app(database_url, SITE_URL="https://Blog.Example.org"))
    client.get("/login", base_url=HTTPS)
    for origin, status in ((HTTPS, 200), ("https://example.org", 400)):
        page = client.get("/login", base_url=HTTPS)
        field = read(page).select_one("main [name=csrf_token]")
        assert field is not None
        answer = client.post(
            "/login",
            base_url=HTTPS,
            data={"csrf_token": field["value"]},
            headers={"Origin": origin, "Referer": f"{HTTPS}/login"},
        )
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("seen_as", "settings"),
    [
        ("https://blog.example.org", {}),
        ("http://blog.example.org", {}),
        ("http://blog.example.org", {"TRUSTED_PROXIES": "1"}),
        ("https://localhost", {}),
    ],
    ids=["https", "untrusted proxy", "proxy", "another host"],
)
def test_the_http_origin_of_an_https_site_is_rejected(
    database_url: str, seen_as: str, settings: dict[str, str]
) -> None:
    client = browser(make_app(database_url, SITE_URL=HTTPS, **settings))
    host = seen_as.partition("://")[2]
    proxy = {"X-Forwarded-Proto": "https", "Referer": f"https://{host}/login"}
    for scheme, refused in (("http", True), ("https", False)):
        headers = proxy | {"Origin": f"{scheme}://{host}"}
        answer = client.post("/login", base_url=seen_as, headers=headers)
        assert answer.status_code == 400
        assert ("submitted from another site" in answer.text) == refused


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_get_request_from_another_origin_is_accepted(client: Client, method: str) -> None:
    headers = {"Origin": "https://other.example", "Sec-Fetch-Site": "cross-site"}
    assert client.open("/", method=method, headers=headers).status_code == 200


def _url_encoded(size: int) -> dict[str, object]:
    return {"data": b"content=" + b"x" * size, "content_type": "application/x-www-form-urlencoded"}


def _multipart(size: int) -> dict[str, object]:
    body = b'--b\r\nContent-Disposition: form-data; name="content"\r\n\r\n%b\r\n--b--\r\n'
    return {"data": body % (b"x" * size), "content_type": "multipart/form-data; boundary=b"}


@pytest.mark.parametrize("body", [_url_encoded, _multipart])
@pytest.mark.parametrize("address", ["/login", "/register", "/post/new"])
def test_a_body_over_the_limit_is_a_413(
    app: Flask, client: Client, address: str, body: Callable[[int], dict[str, object]]
) -> None:
    answer = client.post(address, **body(app.config["MAX_CONTENT_LENGTH"] + 1))
    assert answer.status_code == 413
    assert is_own_page(answer)


def test_the_longest_post_is_under_the_body_limit(author_client: Client) -> None:
    content = "🦊" * 100_000
    answer = author_client.submit("/post/new", title="Long", content=content)
    assert answer.status_code == 302
    assert db.session.scalars(select(Post)).one().content == content


def test_a_large_form_is_freed_with_its_request(app: Flask) -> None:
    text = "a" * LARGE_FORM
    fields = {"email": text}
    gc.collect()
    gc.disable()
    try:
        environ = create_environ("/login", method="POST", data=fields)
        run_wsgi_app(app.wsgi_app, environ, buffered=True)
        environ.clear()
        kept = [value for value in gc.get_objects() if isinstance(value, list) and text in value]
    finally:
        gc.enable()
    assert kept == []
