"""Rate limits: what is counted, by which key, and the 429 page."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from flaskblog.extensions import db, limiter, rate_limits
from flaskblog.extensions.rate_limits import rate_limit
from flaskblog.models import Mail, Post, Session, User
from flaskblog.text.phrases import waiting_time
from tests.conftest import make_app
from tests.support.client import Client, browser, is_own_page
from tests.support.examples import REGISTRATION
from tests.support.factories import PASSWORD, make_user

pytestmark = pytest.mark.usefixtures("limited")


def at(app: Flask, address: str) -> Client:
    """A client with this IP address."""
    client = browser(app)
    client.environ_base |= {"REMOTE_ADDR": address}
    return client


def log_in(client: Client, name: str, password: str = "a wrong one", **headers: str) -> int:
    data = {"csrf_token": client.token(), "email": name, "password": password}
    return client.post("/login", data=data, headers=headers).status_code


def ask_for_reset(client: Client, address: str) -> int:
    return client.submit("/reset_password", email=address).status_code


def let_time_pass(seconds: float) -> None:
    """Move the end of every window."""
    db.session.execute(sa.update(rate_limit).values(expires_at=rate_limit.c.expires_at - seconds))
    db.session.commit()


def number_of(model: type[Mail | Post | User]) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


@pytest.mark.parametrize("name", ["author", "nobody", "nobody@example.org"])
@pytest.mark.usefixtures("author")
def test_an_account_has_five_logins_per_minute_from_one_network(app: Flask, name: str) -> None:
    client = at(app, "192.0.2.1")
    assert [log_in(client, name) for _ in range(7)] == [200] * 5 + [429] * 2
    assert log_in(client, "stranger") == 200
    assert log_in(at(app, "192.0.2.2"), name) == 200


@pytest.mark.parametrize(
    "names", [["author", " AUTHOR ", "aUthor"], ["author@example.org", " Author@EXAMPLE.org"]]
)
@pytest.mark.usefixtures("author")
def test_spellings_of_one_name_count_together(app: Flask, names: list[str]) -> None:
    client = at(app, "2001:db8::1")
    assert [log_in(client, name) for name in (names * 3)[:6]] == [200] * 5 + [429]


def test_the_right_password_works_again_after_a_minute(app: Flask, author: User) -> None:
    client = at(app, "192.0.2.1")
    assert [log_in(client, "author", PASSWORD + "x") for _ in range(6)][-1] == 429
    assert log_in(at(app, "192.0.2.1"), "author", PASSWORD) == 429
    let_time_pass(30)
    assert log_in(at(app, "192.0.2.1"), "author", PASSWORD) == 429
    let_time_pass(30)
    assert log_in(at(app, "192.0.2.1"), "author", PASSWORD) == 302
    assert len(db.session.scalars(Session.of(author)).all()) == 1


def test_a_login_over_the_limit_of_the_ip_address_is_not_counted_for_the_account(
    app: Flask,
) -> None:
    client = browser(app)  # localhost, which is not exempt
    assert [log_in(client, f"member{number}") for number in range(20)] == [200] * 20
    counted = db.session.execute(sa.select(rate_limit.c.key, rate_limit.c.hits)).all()
    assert log_in(client, "author") == 429
    rows = db.session.scalars(sa.select(rate_limit.c.key)).all()
    assert len(rows) == len(counted)
    assert log_in(at(app, "192.0.2.2"), "author") == 200


def test_a_forged_x_forwarded_for_does_not_evade_a_limit(app: Flask) -> None:
    client = browser(app)
    headers = [{"X-Forwarded-For": f"192.0.2.{number}"} for number in range(21)]
    tries = [log_in(client, f"n{number}", **header) for number, header in enumerate(headers)]
    assert tries[-1] == 429


def test_an_ip_address_has_ten_registrations_per_hour(app: Flask) -> None:
    def sign_up(address: str, number: int) -> int:
        own = {"username": f"member{number}", "email": f"member{number}@example.org"}
        return at(app, address).submit("/register", **REGISTRATION.fields | own).status_code

    assert [sign_up("192.0.2.1", number) for number in range(11)] == [302] * 10 + [429]
    assert number_of(User) == 10
    assert sign_up("192.0.2.2", 11) == 302


@pytest.mark.parametrize("name", ["author", "nobody"])
@pytest.mark.usefixtures("author")
def test_an_account_has_three_password_resets_per_hour(app: Flask, name: str) -> None:
    spellings = [f"{name}@example.org", f"{name.upper()}@example.org", f" {name}@EXAMPLE.org"] * 2
    tries = [
        ask_for_reset(at(app, f"192.0.2.{host}"), spelling)
        for host, spelling in enumerate(spellings)
    ]
    assert tries == [200] * 3 + [429] * 3
    assert number_of(Mail) == 3


def test_an_ip_address_has_ten_password_resets_per_hour(app: Flask) -> None:
    client = at(app, "2001:db8::1")
    tries = [ask_for_reset(client, f"member{number}@example.org") for number in range(11)]
    assert tries == [200] * 10 + [429]
    assert ask_for_reset(at(app, "2001:db8::2"), "other@example.org") == 429
    assert ask_for_reset(at(app, "2001:db8:0:1::1"), "other@example.org") == 200


def test_a_member_has_thirty_posts_per_hour(app: Flask, author_client: Client) -> None:
    stranger = browser(app)
    stranger.log_in(make_user("stranger"))
    token = author_client.token("/post/new")
    data = {"csrf_token": token, "title": "Again", "content": "words"}
    tries = [author_client.post("/post/new", data=data).status_code for _ in range(31)]
    assert tries == [302] * 30 + [429]
    assert number_of(Post) == 30
    assert stranger.submit("/post/new", title="Once", content="words").status_code == 302


@pytest.mark.parametrize("path", ["/login", "/register", "/reset_password"])
def test_a_get_request_is_not_counted(client: Client, path: str) -> None:
    assert {client.get(path).status_code for _ in range(25)} == {200}
    assert db.session.scalars(sa.select(rate_limit.c.key)).all() == []


@pytest.mark.parametrize(
    ("address", "fields", "minutes"),
    [
        ("/login", {"email": "author", "password": "x"}, 1),
        ("/reset_password", {"email": "author@example.org"}, 60),
        ("/register", {"username": "x"}, 60),
    ],
)
def test_a_429_page_says_when_to_retry(
    client: Client, address: str, fields: dict[str, Any], minutes: int
) -> None:
    refused = [client.submit(address, **fields) for _ in range(11)][-1]
    seconds = int(refused.headers["Retry-After"])
    assert refused.status_code == 429
    assert " per 1 " not in refused.text, "the text of Flask-Limiter"
    assert is_own_page(refused)
    assert minutes * 60 - 30 < seconds <= minutes * 60
    assert f"Try again in {waiting_time(seconds)}." in refused.text


def test_a_request_is_counted_once_by_each_of_its_limits(client: Client) -> None:
    def hits() -> list[int]:
        return list(db.session.scalars(sa.select(rate_limit.c.hits)))

    log_in(client, "author")
    assert hits() == [1] * 4, "network, name, account and failures"
    client.post("/api/login", json={"email": "author", "password": "a wrong one"})
    assert hits() == [2] * 4


def test_limits_can_be_disabled(database_url: str) -> None:
    client = browser(make_app(database_url, RATELIMIT_ENABLED="false"))
    assert not limiter.enabled
    assert {log_in(client, "author") for _ in range(25)} == {200}
    client = browser(make_app(database_url))
    assert limiter.enabled
    assert [log_in(client, "author") for _ in range(6)][-1] == 429


def test_counts_survive_a_restart(app: Flask, database_url: str) -> None:
    client = browser(app)
    assert [log_in(client, "author") for _ in range(5)] == [200] * 5
    assert log_in(browser(make_app(database_url)), "author") == 429


def test_limits_fail_closed_if_the_database_is_down(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down() -> Any:
        raise sa.exc.OperationalError("", {}, Exception("down"))

    monkeypatch.setattr(rate_limits, "_engine", down)
    assert log_in(client, "author") == 503
