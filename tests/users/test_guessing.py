"""Guessing a password from within its account, at an unlocked computer or with a stolen cookie."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from redis import RedisError

from flaskblog.extensions import db, limiter
from flaskblog.models import User
from tests.client import Client, browser, is_own_page, message_at
from tests.factories import PASSWORD, make_user
from tests.test_limits import log_in, time_passes

pytestmark = pytest.mark.usefixtures("limited")

NEW = "another password for tests"
FORMS: dict[str, tuple[str, dict[str, Any]]] = {
    "/account": ("current_password", {"email": "new@example.org"}),
    "/account/password": ("current_password", {"password": NEW, "confirm_password": NEW}),
    "/account/delete": ("password", {}),
}


def guess(client: Client, address: str, password: str = "a wrong one") -> int:
    field, fields = FORMS[address]
    return client.submit(address, **fields | {field: password}).status_code


@pytest.mark.parametrize("address", FORMS)
def test_a_member_has_five_wrong_answers_a_minute_and_the_right_one_waits_too(
    writer_client: Client, writer: User, address: str
) -> None:
    assert [guess(writer_client, address) for _ in range(7)] == [200] * 5 + [429] * 2
    assert guess(writer_client, address, PASSWORD) == 429
    db.session.refresh(writer)
    assert (writer.email, writer.has_password(PASSWORD)) == ("writer@example.org", True)
    time_passes(60)
    assert guess(writer_client, address, PASSWORD) == 302


def test_all_pages_and_devices_of_a_person_share_one_count(app: Flask, writer: User) -> None:
    devices = [browser(app) for _ in range(2)]
    for device in devices:
        device.log_in(writer)
    tries = [*FORMS, "/account/password", "/account", "/account/delete"]
    asked = [guess(devices[number % 2], address) for number, address in enumerate(tries)]
    assert asked == [200] * 5 + [429]


def test_a_refusal_is_the_page_that_log_in_answers_with(writer_client: Client) -> None:
    field, fields = FORMS["/account/password"]
    tries = [
        writer_client.submit("/account/password", **fields | {field: "a wrong one"})
        for _ in range(6)
    ]
    assert message_at(tries[4], field)
    assert is_own_page(tries[5])
    assert 30 < int(tries[5].headers["Retry-After"]) <= 60
    assert "You can try again in" in tries[5].text


def test_right_answers_are_not_counted_and_end_the_count_of_wrong_ones(
    writer_client: Client,
) -> None:
    def move(number: int) -> int:
        address = f"new{number}@example.org"
        return writer_client.submit(
            "/account", email=address, current_password=PASSWORD
        ).status_code

    assert [move(number) for number in range(7)] == [302] * 7
    for number in range(8, 11):
        assert [guess(writer_client, "/account/delete") for _ in range(4)] == [200] * 4
        assert move(number) == 302


def test_what_needs_no_password_is_never_counted(writer_client: Client) -> None:
    renames = [
        writer_client.submit("/account", username=f"writer{number}").status_code
        for number in range(7)
    ]
    assert renames == [302] * 7
    assert {writer_client.get(address).status_code for address in FORMS for _ in range(7)} == {200}


def test_guesses_keep_neither_others_nor_the_person_from_logging_in(
    app: Flask, writer_client: Client
) -> None:
    """Nor does who fails to log in as them keep them from leaving."""
    stranger = browser(app)
    stranger.log_in(make_user("stranger"))
    assert [guess(writer_client, "/account/delete") for _ in range(6)][-1] == 429
    assert guess(stranger, "/account/delete") == 200
    assert log_in(browser(app), "writer", PASSWORD) == 302
    time_passes(60)
    assert [log_in(browser(app), "writer") for _ in range(6)][-1] == 429
    assert guess(writer_client, "/account/delete", PASSWORD) == 302


def test_guesses_that_are_sent_at_once_are_counted_like_others(app: Flask, writer: User) -> None:
    device = browser(app)
    device.log_in(writer)
    data = {"csrf_token": device.token("/account/delete"), "password": "a wrong one"}
    cookie = device.get_cookie("session")
    assert cookie is not None

    def guess_once(_number: int) -> int:
        thief = browser(app)
        thief.set_cookie("session", cookie.value)
        return thief.post("/account/delete", data=data).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(guess_once, range(8))) == [200] * 5 + [429] * 3


def test_a_count_that_cannot_be_ended_stops_nobody(
    writer_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise RedisError

    monkeypatch.setattr(limiter.limiter, "clear", fail)
    assert guess(writer_client, "/account/password", PASSWORD) == 302
