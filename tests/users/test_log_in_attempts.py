"""Limits on guessing a password, which neither reveal accounts nor lock their owners out."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from flaskblog.extensions import bcrypt, db, rate_limits
from flaskblog.extensions.rate_limits import delete_expired, rate_limit
from flaskblog.models import User
from flaskblog.users import log_in_attempts
from tests.extensions.test_rate_limits import Clock
from tests.support.api_client import ApiClient
from tests.support.client import Client, browser, fields_of, message_at, read
from tests.support.factories import PASSWORD, make_user
from tests.web.test_limits import at, log_in

pytestmark = pytest.mark.usefixtures("limited")

NEW: dict[str, Any] = {"password": "quite another one", "confirm_password": "quite another one"}


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(rate_limits, "time", clock)
    monkeypatch.setattr(log_in_attempts, "time", clock)
    return clock


def attack(app: Flask, name: str, networks: int, first: int = 0) -> list[int]:
    """Log in with a wrong password, once from each of so many networks."""
    return [log_in(at(app, f"198.51.100.{first + number}"), name) for number in range(networks)]


def seen(response: TestResponse) -> tuple[Any, ...]:
    """What a response reveals, without its random values and without what was typed."""
    page = read(response)
    for field in page.select("input"):
        del field["value"]
    own = {"X-Request-ID", "Set-Cookie", "Content-Length"}
    headers = sorted(header for header in response.headers if header[0] not in own)
    return response.status_code, headers, str(page)


def submit(client: Client, name: str, password: str = "a wrong one") -> TestResponse:
    return client.submit("/login", email=name, password=password)


@pytest.mark.usefixtures("author")
def test_five_failures_in_one_network_do_not_stop_the_owner_in_another(app: Flask) -> None:
    strangers = at(app, "192.0.2.1")
    assert [log_in(strangers, "author") for _ in range(20)] == [200] * 5 + [429] * 15
    assert log_in(at(app, "192.0.2.2"), "author", PASSWORD) == 302


@pytest.mark.usefixtures("author")
def test_the_other_name_of_an_account_gets_the_responses_of_an_unknown_name(app: Flask) -> None:
    client = at(app, "192.0.2.1")
    assert [log_in(client, "author") for _ in range(6)] == [200] * 5 + [429]
    hers, unknown = (
        [seen(submit(client, name)) for _ in range(7)]
        for name in ("author@example.org", "nobody@example.org")
    )
    assert [status for status, *_ in hers] == [200] * 5 + [429] * 2
    assert hers == unknown
    assert dict(hers[-1][1])["Retry-After"] == "60"


@pytest.mark.usefixtures("author")
def test_the_api_does_not_tell_names_of_one_account_either(app: Flask) -> None:
    api = ApiClient(app)

    def attempts(name: str) -> list[tuple[int, str, list[tuple[str, str]]]]:
        answers = [api.post("/api/login", {"email": name, "password": "wrong"}) for _ in range(6)]
        return [
            (answer.status_code, answer.text, [header for header in answer.headers
                                               if header[0] != "X-Request-ID"])
            for answer in answers
        ]  # fmt: skip

    attempts("author")
    hers, unknown = attempts("author@example.org"), attempts("nobody@example.org")
    assert [status for status, *_ in hers] == [401] * 5 + [429]
    assert hers == unknown


@pytest.mark.usefixtures("author")
def test_both_names_cost_the_same_statements_and_one_password_check(
    app: Flask, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    check = bcrypt.check_password_hash
    checks: list[str] = []

    def note(password_hash: str, password: str) -> bool:
        checks.append(password_hash[:7])
        return bool(check(password_hash, password))

    monkeypatch.setattr(bcrypt, "check_password_hash", note)
    client = at(app, "192.0.2.1")
    costs = []
    for name in ("author", "author@example.org", "nobody@example.org"):
        tries = [log_in(client, name) for _ in range(4)]
        assert tries == [200] * 4
        token = client.token()
        statements.clear()
        checks.clear()
        data = {"csrf_token": token, "email": name, "password": "a wrong one"}
        client.post("/login", data=data)
        costs.append((sorted(sent[:20] for sent in statements), list(checks)))
    assert costs[1] == costs[2]
    assert len(costs[1][1]) == 1


@pytest.mark.usefixtures("author")
def test_two_names_are_no_two_budgets(app: Flask, clock: Clock) -> None:
    client = at(app, "192.0.2.1")
    assert [log_in(client, "author") for _ in range(5)] == [200] * 5
    assert message_at(submit(client, "author@example.org", PASSWORD), "password")
    clock.now += 60
    assert log_in(client, "author@example.org", PASSWORD) == 302


def test_attempts_from_many_networks_are_slowed_down_more_and_more(
    app: Flask, author: User, clock: Clock
) -> None:
    for name in (author.username, "nobody"):
        assert attack(app, name, 12) == [200] * 10 + [429] * 2
        client, waits = at(app, "192.0.2.1"), []
        for _ in range(9):
            refused = submit(client, name)
            waits.append(int(refused.headers["Retry-After"]))
            assert refused.status_code == 429
            assert f"Try again in {waits[-1]} second" in message_at(refused, "password")
            assert fields_of(read(refused).select("main form")[-1])["email"] == name
            clock.now += waits[-1] - 0.5
            assert submit(client, name).status_code == 429
            clock.now += 0.5
            assert submit(client, name).status_code == 200
        assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


@pytest.mark.usefixtures("author")
def test_attackers_cannot_take_the_turn_of_the_owner(app: Flask, clock: Clock) -> None:
    attack(app, "author", 10)
    owner = at(app, "192.0.2.1")
    assert submit(owner, "author", PASSWORD).headers["Retry-After"] == "1"
    assert attack(app, "author", 20, 100) == [429] * 20
    clock.now += 1
    assert attack(app, "author", 20, 100) == [200] * 20
    assert attack(app, "author", 20, 100) == [429] * 20
    assert log_in(owner, "author", PASSWORD) == 302


@pytest.mark.usefixtures("author")
def test_the_failures_are_forgotten(app: Flask, clock: Clock) -> None:
    attack(app, "author", 11)
    clock.now += log_in_attempts.FAILURES_WINDOW
    assert log_in(at(app, "192.0.2.1"), "author") == 200
    clock.now += 3600
    delete_expired()
    assert db.session.scalars(sa.select(rate_limit.c.key)).all() == []


def test_simultaneous_guesses_are_counted(app: Flask, author: User) -> None:
    client = at(app, "192.0.2.1")
    data = {"csrf_token": client.token(), "email": author.username, "password": "a wrong one"}
    cookie = client.get_cookie("session")
    assert cookie is not None

    def guess(_number: int) -> int:
        thief = at(app, "192.0.2.1")
        thief.set_cookie("session", cookie.value)
        return thief.post("/login", data=data).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(guess, range(8))) == [200] * 5 + [429] * 3


@pytest.mark.usefixtures("author")
def test_log_ins_that_succeed_do_not_count_as_guesses(app: Flask) -> None:
    for _ in range(3):
        assert [log_in(browser(app), "author") for _ in range(2)] == [200] * 2
        assert log_in(browser(app), "author", PASSWORD) == 302
    stranger = make_user("stranger")
    for _ in range(11):
        log_in(browser(app), stranger.username, PASSWORD)
    assert log_in(browser(app), "author", PASSWORD) == 429, "20 from one network"


def test_a_browser_that_logged_in_before_has_a_count_of_its_own(
    app: Flask, author: User, clock: Clock
) -> None:
    known = at(app, "192.0.2.1")
    known.log_in(author)
    known.submit("/logout")
    clock.now += 60
    strangers = at(app, "192.0.2.1")
    assert [log_in(strangers, "author") for _ in range(6)] == [200] * 5 + [429]
    for number in range(16):
        assert log_in(strangers, f"nobody{number}") in {200, 429}
    attack(app, "author", 10)
    assert log_in(known, author.email, PASSWORD) == 302
    known.submit("/logout")
    assert [log_in(known, "author") for _ in range(6)] == [200] * 5 + [429]
    assert log_in(known, "author@example.org", PASSWORD) == 429
    clock.now += 60
    assert log_in(known, "author", PASSWORD) == 302


def test_a_thief_of_the_password_gains_little_from_many_known_browsers(
    app: Flask, author: User
) -> None:
    devices = [at(app, "192.0.2.1") for _ in range(5)]
    for device in devices:
        device.log_in(author)
        device.submit("/logout")
    tries = [log_in(device, "author") for device in devices for _ in range(5)]
    assert tries == [200] * 20 + [429] * 5


def test_after_a_reset_the_owner_logs_in_at_once(app: Flask, author: User) -> None:
    network = "192.0.2.1"
    strangers, owner = at(app, network), at(app, network)
    for name in (author.username, author.email):
        attack(app, name, 10)
        assert log_in(strangers, name, PASSWORD) == 429
    owner.submit(f"/reset_password/{author.reset_token()}", **NEW)
    for client in (at(app, network), owner):
        for name in (author.username, author.email):
            assert log_in(client, name, NEW["password"]) == 302
            client.submit("/logout")


@pytest.mark.usefixtures("author")
def test_keys_are_short_whatever_was_typed(app: Flask) -> None:
    client = at(app, "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")
    for name in ("author", "x" * 100_000, "é" * 300, "@"):
        log_in(client, name)
    assert max(map(len, db.session.scalars(sa.select(rate_limit.c.key)))) < 150
