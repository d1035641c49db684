"""Limits on guessing the password of an account with an open or a stolen session."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from redis import RedisError

from flaskblog.extensions import db, limiter
from flaskblog.models import User
from flaskblog.users.limits import hashed_login
from tests.support.client import Client, browser, fields_of, is_own_page, message_at, read
from tests.support.factories import PASSWORD, make_user
from tests.web.test_limits import let_time_pass, log_in

pytestmark = pytest.mark.usefixtures("limited", "admin")

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
def test_after_five_wrong_passwords_even_the_right_one_has_to_wait(
    author_client: Client, author: User, address: str
) -> None:
    assert [guess(author_client, address) for _ in range(7)] == [200] * 5 + [429] * 2
    assert guess(author_client, address, PASSWORD) == 429
    db.session.refresh(author)
    assert (author.email, author.has_password(PASSWORD)) == ("author@example.org", True)
    let_time_pass(60)
    assert guess(author_client, address, PASSWORD) == 302


def test_all_pages_and_devices_of_a_member_share_one_limit(app: Flask, author: User) -> None:
    devices = [browser(app) for _ in range(2)]
    for device in devices:
        device.log_in(author)
    attempts = [*FORMS, "/account/password", "/account", "/account/delete"]
    statuses = [guess(devices[number % 2], address) for number, address in enumerate(attempts)]
    assert statuses == [200] * 5 + [429]


def test_above_the_limit_the_page_says_when_to_try_again(author_client: Client) -> None:
    field, fields = FORMS["/account/password"]
    attempts = [
        author_client.submit("/account/password", **fields | {field: "a wrong one"})
        for _ in range(6)
    ]
    assert message_at(attempts[4], field)
    assert is_own_page(attempts[5])
    assert 30 < int(attempts[5].headers["Retry-After"]) <= 60
    assert "Try again in" in attempts[5].text


def test_the_right_password_is_not_counted_and_resets_the_count(
    author_client: Client,
) -> None:
    def change_password() -> int:
        kept: dict[str, Any] = {"password": PASSWORD, "confirm_password": PASSWORD}
        return author_client.submit(
            "/account/password", current_password=PASSWORD, **kept
        ).status_code

    assert [change_password() for _ in range(7)] == [302] * 7
    for _ in range(3):
        assert [guess(author_client, "/account/delete") for _ in range(4)] == [200] * 4
        assert change_password() == 302


def test_requests_without_a_password_are_not_counted(author_client: Client) -> None:
    statuses = [
        author_client.submit("/account", username=f"author{number}").status_code
        for number in range(7)
    ]
    assert statuses == [302] * 7
    assert {author_client.get(address).status_code for address in FORMS for _ in range(7)} == {200}


def test_the_limit_is_counted_per_member_and_apart_from_log_ins(
    app: Flask, author_client: Client
) -> None:
    """Wrong passwords do not block log-ins, and failed log-ins do not block the account's pages."""
    stranger = browser(app)
    stranger.log_in(make_user("stranger"))
    assert [guess(author_client, "/account/delete") for _ in range(6)][-1] == 429
    assert guess(stranger, "/account/delete") == 200
    assert log_in(browser(app), "author", PASSWORD) == 302
    let_time_pass(60)
    assert [log_in(browser(app), "author") for _ in range(6)][-1] == 429
    assert guess(author_client, "/account/delete", PASSWORD) == 302


def test_simultaneous_guesses_are_counted(app: Flask, author: User) -> None:
    device = browser(app)
    device.log_in(author)
    data = {"csrf_token": device.token("/account/delete"), "password": "a wrong one"}
    cookie = device.get_cookie("session")
    assert cookie is not None

    def guess_once(_number: int) -> int:
        thief = browser(app)
        thief.set_cookie("session", cookie.value)
        return thief.post("/account/delete", data=data).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(guess_once, range(8))) == [200] * 5 + [429] * 3


def test_the_password_is_accepted_even_if_its_count_cannot_be_reset(
    author_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise RedisError

    monkeypatch.setattr(limiter.limiter, "clear", fail)
    assert guess(author_client, "/account/password", PASSWORD) == 302


def test_a_refused_form_keeps_what_was_typed(author_client: Client) -> None:
    tries = [
        author_client.submit("/account", username="renamed", email="new@example.org",
                             current_password="a wrong one") for _ in range(6)
    ]  # fmt: skip
    assert tries[-1].status_code == 429
    fields = fields_of(read(tries[-1]).select("main form")[-1])
    assert (fields["username"], fields["email"]) == ("renamed", "new@example.org")


@pytest.mark.parametrize(
    ("path", "field"), [("/register", "username"), ("/reset_password", "email")]
)
def test_a_form_beyond_the_limit_comes_back_with_its_fields(
    client: Client, path: str, field: str
) -> None:
    typed: Any = {"username": "ada", "email": "ada@example.org", "password": "short"}
    tries = [client.submit(path, **typed) for _ in range(11)]
    refused = next(answer for answer in tries if answer.status_code == 429)
    assert int(refused.headers["Retry-After"]) > 0
    page = read(refused)
    assert fields_of(page.select("main form")[-1])[field] == typed[field]
    assert "Too many attempts" in page.select(f"#{field}-error")[0].text


@pytest.mark.parametrize("name", ["n" * 10_000, "nul\0", "\ud800", "ünïcode"])
def test_the_key_of_a_typed_login_is_a_short_hash(name: str) -> None:
    key = hashed_login(name)
    assert len(key) == 64
    assert key.isalnum()
    assert key != hashed_login("author")
