"""Cookies follow the scheme of SITE_URL, and nobody gets one before a form needs it."""

from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from flaskblog.models import User
from tests.client import Client, browser, read
from tests.conftest import make_app
from tests.factories import PASSWORD, make_post

HTTPS = "https://blog.example.org"


def attributes(answer: TestResponse) -> set[str]:
    """Of the one cookie that the answer sets, its name and each attribute without its value."""
    (cookie,) = answer.headers.getlist("Set-Cookie")
    return {part.strip() for part in cookie.split(";")[1:]} | {cookie.partition("=")[0]}


@pytest.mark.parametrize(
    "address",
    ["/", "/home", "/about", "/user/writer", "/post/{}", "/nothing", "/static/favicon.svg"],
)
def test_a_reader_gets_no_cookie(client: Client, writer: User, address: str) -> None:
    post = make_post(writer)
    answer = client.get(address.format(post.id))
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("address", ["/login", "/register"])
def test_a_form_brings_a_cookie_that_ends_with_the_browser(client: Client, address: str) -> None:
    assert attributes(client.get(address)) == {"session", "HttpOnly", "Path=/", "SameSite=Lax"}


def test_over_https_the_cookie_is_bound_to_host_and_scheme(database_url: str) -> None:
    client = browser(make_app(database_url, SITE_URL=HTTPS))
    assert attributes(client.get("/login", base_url=HTTPS)) == {
        "__Host-session",
        "Secure",
        "HttpOnly",
        "Path=/",
        "SameSite=Lax",
    }


def test_the_whole_way_through_works_over_https(database_url: str, writer: User) -> None:
    client = browser(make_app(database_url, SITE_URL=HTTPS))
    field = read(client.get("/login", base_url=HTTPS)).select_one("main [name=csrf_token]")
    assert field is not None
    answer = client.post(
        "/login",
        base_url=HTTPS,
        data={"csrf_token": field["value"], "email": writer.username, "password": PASSWORD},
        headers={"Origin": HTTPS, "Referer": f"{HTTPS}/login"},
    )
    assert answer.location == "/"
    assert {"Secure", "__Host-session"} <= attributes(answer)
    assert client.get("/post/new", base_url=HTTPS).status_code == 200


def test_only_who_asks_is_remembered_after_the_browser_ends(app: Flask, writer: User) -> None:
    for fields, persistent in (({}, False), ({"remember": "y"}, True)):
        client = browser(app)
        answer = client.log_in(writer, **fields)
        cookie = client.get_cookie("session")
        assert cookie is not None
        assert cookie.http_only
        assert (cookie.expires is not None) == persistent
        assert any(part.startswith("Expires=") for part in attributes(answer)) == persistent


@pytest.mark.parametrize("fields", [{}, {"remember": "y"}], ids=["today", "remembered"])
def test_reading_on_renews_no_cookie_and_caches_are_told_apart(
    client: Client, writer: User, fields: dict[str, Any]
) -> None:
    client.log_in(writer, **fields)
    client.get("/")
    answer = client.get("/")
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" in answer.headers["Vary"]
