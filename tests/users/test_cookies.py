"""Cookies depend on the scheme of SITE_URL, and are set only where a form needs one."""

from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from flaskblog.models import User
from tests.conftest import make_app
from tests.support.client import Client, browser, read
from tests.support.factories import PASSWORD, make_post

HTTPS = "https://blog.example.org"


def attributes(response: TestResponse, name: str) -> set[str]:
    """The name and the attributes of the cookie with this name."""
    cookies = response.headers.getlist("Set-Cookie")
    (cookie,) = (cookie for cookie in cookies if cookie.startswith(f"{name}="))
    return {part.strip() for part in cookie.split(";")[1:]} | {cookie.partition("=")[0]}


@pytest.mark.parametrize(
    "address",
    ["/", "/home", "/about", "/user/author", "/post/{}", "/nothing", "/static/favicon.svg"],
)
def test_reading_sets_no_cookie(client: Client, author: User, address: str) -> None:
    post = make_post(author)
    response = client.get(address.format(post.id))
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("address", ["/login", "/register"])
def test_a_form_sets_a_session_cookie(client: Client, address: str) -> None:
    assert attributes(client.get(address), "session") == {
        "session",
        "HttpOnly",
        "Path=/",
        "SameSite=Lax",
    }


def test_over_https_the_cookie_is_bound_to_host_and_scheme(database_url: str) -> None:
    client = browser(make_app(database_url, SITE_URL=HTTPS))
    assert attributes(client.get("/login", base_url=HTTPS), "__Host-session") == {
        "__Host-session",
        "Secure",
        "HttpOnly",
        "Path=/",
        "SameSite=Lax",
    }


def test_logging_in_works_over_https(database_url: str, author: User) -> None:
    client = browser(make_app(database_url, SITE_URL=HTTPS))
    field = read(client.get("/login", base_url=HTTPS)).select_one("main [name=csrf_token]")
    assert field is not None
    response = client.post(
        "/login",
        base_url=HTTPS,
        data={"csrf_token": field["value"], "email": author.username, "password": PASSWORD},
        headers={"Origin": HTTPS, "Referer": f"{HTTPS}/login"},
    )
    assert response.location == "/"
    assert {"Secure", "__Host-session"} <= attributes(response, "__Host-session")
    assert client.get("/post/new", base_url=HTTPS).status_code == 200


def test_the_cookie_is_persistent_only_if_remember_is_checked(app: Flask, author: User) -> None:
    for fields, persistent in (({}, False), ({"remember": "y"}, True)):
        client = browser(app)
        response = client.log_in(author, **fields)
        cookie = client.get_cookie("session")
        assert cookie is not None
        assert cookie.http_only
        assert (cookie.expires is not None) == persistent
        parts = attributes(response, "session")
        assert any(part.startswith("Expires=") for part in parts) == persistent


@pytest.mark.parametrize("fields", [{}, {"remember": "y"}], ids=["today", "remembered"])
def test_reading_does_not_renew_the_cookie_and_varies_by_it(
    client: Client, author: User, fields: dict[str, Any]
) -> None:
    client.log_in(author, **fields)
    client.get("/")
    response = client.get("/")
    assert "Set-Cookie" not in response.headers
    assert "Cookie" in response.headers["Vary"]
