"""Limits as people meet them: what is counted, for whom, and how a refusal reads."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from flaskblog import rate_limits
from flaskblog.extensions import db, limiter
from flaskblog.models import Mail, Post, Session, User
from flaskblog.rate_limits import rate_limit
from flaskblog.text import waiting_time
from tests.client import Client, browser, is_own_page
from tests.conftest import make_app
from tests.examples import REGISTRATION
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.usefixtures("limited")


def at(app: Flask, address: str) -> Client:
    """A browser at an address of the network."""
    client = browser(app)
    client.environ_base |= {"REMOTE_ADDR": address}
    return client


def log_in(client: Client, name: str, password: str = "a wrong one", **headers: str) -> int:
    data = {"csrf_token": client.token(), "email": name, "password": password}
    return client.post("/login", data=data, headers=headers).status_code


def ask_for_reset(client: Client, address: str) -> int:
    return client.submit("/reset_password", email=address).status_code


def time_passes(seconds: float) -> None:
    """Let every count grow older."""
    db.session.execute(sa.update(rate_limit).values(expires_at=rate_limit.c.expires_at - seconds))
    db.session.commit()


def number_of(model: type[Mail | Post | User]) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


@pytest.mark.parametrize("name", ["writer", "nobody", "nobody@example.org"])
@pytest.mark.usefixtures("writer")
def test_one_account_has_five_log_ins_a_minute_from_all_addresses_together(
    app: Flask, name: str
) -> None:
    clients = [at(app, f"192.0.2.{host}") for host in range(7)]
    assert [log_in(client, name) for client in clients] == [200] * 5 + [429] * 2
    assert log_in(clients[0], "stranger") == 200


@pytest.mark.usefixtures("writer")
def test_a_name_and_its_address_are_one_account_in_every_spelling(app: Flask) -> None:
    names = ["writer", " WRITER ", "writer@example.org", "Writer@EXAMPLE.org", "wRiter"]
    for host, name in enumerate(names):
        assert log_in(at(app, f"192.0.2.{host}"), name) == 200
    for name in names:
        assert log_in(at(app, "192.0.2.9"), name) == 429


def test_after_the_minute_the_right_password_opens_again(app: Flask, writer: User) -> None:
    client = at(app, "192.0.2.1")
    assert [log_in(client, "writer", PASSWORD + "x") for _ in range(6)][-1] == 429
    assert log_in(at(app, "192.0.2.2"), "writer", PASSWORD) == 429
    time_passes(30)
    assert log_in(at(app, "192.0.2.2"), "writer", PASSWORD) == 429
    time_passes(30)
    assert log_in(at(app, "192.0.2.2"), "writer", PASSWORD) == 302
    assert len(db.session.scalars(Session.of(writer)).all()) == 1


def test_one_address_has_twenty_log_ins_a_minute_and_then_costs_nobody_a_try(app: Flask) -> None:
    client = browser(app)  # localhost, which is not exempt
    assert [log_in(client, f"member{number}") for number in range(20)] == [200] * 20
    counted = db.session.execute(sa.select(rate_limit.c.key, rate_limit.c.hits)).all()
    assert log_in(client, "writer") == 429
    rows = db.session.scalars(sa.select(rate_limit.c.key)).all()
    assert len(rows) == len(counted)
    assert log_in(at(app, "192.0.2.2"), "writer") == 200


def test_an_address_that_a_client_makes_up_does_not_help_it(app: Flask) -> None:
    client = browser(app)
    headers = [{"X-Forwarded-For": f"192.0.2.{number}"} for number in range(21)]
    tries = [log_in(client, f"n{number}", **header) for number, header in enumerate(headers)]
    assert tries[-1] == 429


def test_a_log_in_without_a_name_counts_for_its_address(app: Flask) -> None:
    client = browser(app)
    assert [log_in(client, " ") for _ in range(6)] == [200] * 5 + [429]
    assert log_in(client, "writer") == 200


def test_one_address_may_sign_up_ten_times_an_hour(app: Flask) -> None:
    def sign_up(client: Client, number: int) -> int:
        own = {"username": f"member{number}", "email": f"member{number}@example.org"}
        return client.submit("/register", **REGISTRATION.fields | own).status_code

    client = at(app, "192.0.2.1")
    assert [sign_up(client, number) for number in range(11)] == [302] * 10 + [429]
    assert number_of(User) == 10
    assert sign_up(at(app, "192.0.2.2"), 11) == 302


@pytest.mark.parametrize("name", ["writer", "nobody"])
@pytest.mark.usefixtures("writer")
def test_one_account_may_ask_for_three_resets_an_hour(app: Flask, name: str) -> None:
    spellings = [f"{name}@example.org", f"{name.upper()}@example.org", f" {name}@EXAMPLE.org"] * 2
    tries = [
        ask_for_reset(at(app, f"192.0.2.{host}"), spelling)
        for host, spelling in enumerate(spellings)
    ]
    assert tries == [200] * 3 + [429] * 3
    assert number_of(Mail) == 3


def test_one_address_may_ask_for_ten_resets_an_hour(app: Flask) -> None:
    client = at(app, "2001:db8::1")
    tries = [ask_for_reset(client, f"member{number}@example.org") for number in range(11)]
    assert tries == [200] * 10 + [429]
    assert ask_for_reset(at(app, "2001:db8::2"), "other@example.org") == 429
    assert ask_for_reset(at(app, "2001:db8:0:1::1"), "other@example.org") == 200


def test_a_member_may_publish_thirty_posts_an_hour_wherever_they_are(
    app: Flask, writer_client: Client
) -> None:
    stranger = browser(app)
    stranger.log_in(make_user("stranger"))
    token = writer_client.token("/post/new")
    data = {"csrf_token": token, "title": "Again", "content": "words"}
    tries = [writer_client.post("/post/new", data=data).status_code for _ in range(31)]
    assert tries == [302] * 30 + [429]
    assert number_of(Post) == 30
    assert stranger.submit("/post/new", title="Once", content="words").status_code == 302


@pytest.mark.parametrize("path", ["/login", "/register", "/reset_password"])
def test_opening_a_page_is_never_counted(client: Client, path: str) -> None:
    assert {client.get(path).status_code for _ in range(25)} == {200}
    assert db.session.scalars(sa.select(rate_limit.c.key)).all() == []


@pytest.mark.parametrize(
    ("address", "fields", "minutes"),
    [
        ("/login", {"email": "writer", "password": "x"}, 1),
        ("/reset_password", {"email": "writer@example.org"}, 60),
        ("/register", {"username": "x"}, 60),
    ],
)
def test_a_refusal_is_a_page_that_says_when_to_come_back(
    client: Client, address: str, fields: dict[str, Any], minutes: int
) -> None:
    refused = [client.submit(address, **fields) for _ in range(11)][-1]
    seconds = int(refused.headers["Retry-After"])
    assert refused.status_code == 429
    assert " per 1 " not in refused.text, "that is how the limiter writes, not we"
    assert is_own_page(refused)
    assert minutes * 60 - 30 < seconds <= minutes * 60
    assert f"You can try again in {waiting_time(seconds)}." in refused.text


def test_limits_can_be_turned_off_for_load_tests(database_url: str) -> None:
    client = browser(make_app(database_url, RATELIMIT_ENABLED="false"))
    assert not limiter.enabled
    assert {log_in(client, "writer") for _ in range(25)} == {200}
    client = browser(make_app(database_url))
    assert limiter.enabled
    assert [log_in(client, "writer") for _ in range(6)][-1] == 429


def test_a_count_outlives_a_restart(app: Flask, database_url: str) -> None:
    client = browser(app)
    assert [log_in(client, "writer") for _ in range(5)] == [200] * 5
    assert log_in(browser(make_app(database_url)), "writer") == 429


def test_a_database_that_is_down_makes_the_site_unavailable_not_unlimited(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down() -> Any:
        raise sa.exc.OperationalError("", {}, Exception("down"))

    monkeypatch.setattr(rate_limits, "_engine", down)
    assert log_in(client, "writer") == 503
