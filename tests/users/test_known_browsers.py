"""The cookie of a browser that logged in before."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from flaskblog.extensions import db
from flaskblog.models import User
from flaskblog.users.known_browsers import COOKIE, MAX_ACCOUNTS, known_browser
from tests.conftest import make_app
from tests.support.api_client import ApiClient
from tests.support.client import Client, browser
from tests.support.factories import PASSWORD, make_user
from tests.users.test_cookies import HTTPS, attributes

YEAR = timedelta(days=365)


def is_known(app: Flask, user: User, cookie: str, path: str = "/login") -> bool:
    with app.test_request_context(path, headers={"Cookie": f"{COOKIE}={cookie}"}):
        return known_browser(user) is not None


def cookie_of(client: Client) -> str:
    cookie = client.get_cookie(COOKIE)
    assert cookie is not None
    return cookie.value


def test_logging_in_sets_a_cookie_for_a_year(client: Client, author: User) -> None:
    age = f"Max-Age={int(YEAR.total_seconds())}"
    found = attributes(client.log_in(author), COOKIE)
    assert {COOKIE, "HttpOnly", "Path=/", "SameSite=Lax", age} < found
    assert "Secure" not in found
    client.submit("/logout")
    assert is_known(client.application, author, cookie_of(client))


def test_over_https_it_is_bound_to_host_and_scheme(database_url: str, author: User) -> None:
    client = browser(make_app(database_url, SITE_URL=HTTPS))
    link = f"/reset_password/{author.reset_token()}"
    page = client.get(link, base_url=HTTPS).text
    new = "quite another one"
    data = {"csrf_token": page.split('name="csrf_token"')[1].split('value="')[1].split('"')[0],
            "password": new, "confirm_password": new}  # fmt: skip
    response = client.post(link, base_url=HTTPS, data=data, headers={"Origin": HTTPS})
    assert {f"__Host-{COOKIE}", "Secure", "HttpOnly", "Path=/"} < attributes(
        response, f"__Host-{COOKIE}"
    )


def test_it_does_not_name_the_account_readably(client: Client, author: User) -> None:
    client.log_in(author)
    _, stored = URLSafeTimedSerializer("unknown").loads_unsafe(cookie_of(client))
    assert [len(bytes.fromhex(part)) for part in stored] == [16, 16]
    other = browser(make_app(str(db.engine.url), SECRET_KEY="another key " * 4))
    assert not is_known(other.application, author, cookie_of(client))


def test_it_stands_for_the_accounts_that_logged_in(app: Flask, client: Client) -> None:
    members = [make_user(f"member{number}") for number in range(MAX_ACCOUNTS + 1)]
    sizes = []
    for member in members:
        client.log_in(member)
        sizes.append(len(cookie_of(client)))
        client.submit("/logout")
    cookie = cookie_of(client)
    assert [is_known(app, member, cookie) for member in members] == [False] + [True] * MAX_ACCOUNTS
    assert max(sizes) < 400
    assert not is_known(app, make_user("stranger"), cookie)


@pytest.mark.parametrize("forged", ["", "x", "x" * 4000, "W10.aaaa.bbbb", "é", "[1]"])
def test_a_forged_cookie_is_no_cookie(app: Flask, author: User, forged: str) -> None:
    assert not is_known(app, author, forged)
    client = browser(app)
    client.set_cookie(COOKIE, forged)
    assert client.log_in(author).status_code == 302
    assert is_known(app, author, cookie_of(client))


def test_a_changed_cookie_is_no_cookie(app: Flask, client: Client, author: User) -> None:
    client.log_in(author)
    cookie = cookie_of(client)
    assert is_known(app, author, cookie)
    for position in (0, 20, len(cookie) // 2, len(cookie) - 5):
        other = "A" if cookie[position] != "A" else "B"
        assert not is_known(app, author, cookie[:position] + other + cookie[position + 1 :])


def test_it_expires_after_a_year(
    app: Flask, client: Client, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.log_in(author)
    cookie = cookie_of(client)
    for later, known in ((YEAR - timedelta(days=1), True), (YEAR + timedelta(days=1), False)):
        now = (datetime.now(UTC) + later).timestamp()
        monkeypatch.setattr("itsdangerous.timed.time.time", lambda now=now: now)
        assert is_known(app, author, cookie) is known


def test_it_outlives_a_change_of_the_secret_key(app: Flask, client: Client, author: User) -> None:
    client.log_in(author)
    cookie, former = cookie_of(client), app.config["SECRET_KEY"]
    try:
        app.config |= {"SECRET_KEY": "a new key " * 4, "SECRET_KEY_FALLBACKS": [former]}
        assert is_known(app, author, cookie)
        app.config["SECRET_KEY_FALLBACKS"] = []
        assert not is_known(app, author, cookie)
    finally:
        app.config |= {"SECRET_KEY": former, "SECRET_KEY_FALLBACKS": []}


def test_the_api_neither_sets_nor_reads_it(app: Flask, client: Client, author: User) -> None:
    client.log_in(author)
    assert not is_known(app, author, cookie_of(client), "/api/login")
    api = ApiClient(app)
    answer: TestResponse = api.post("/api/login", {"email": "author", "password": PASSWORD})
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


def test_a_reader_with_this_cookie_alone_gets_no_other(client: Client, author: User) -> None:
    client.log_in(author)
    client.submit("/logout")
    client.delete_cookie("session")
    pages: list[Any] = [client.get(path) for path in ("/", "/user/author", "/about")]
    assert [page.headers.get("Set-Cookie") for page in pages] == [None] * 3
