"""Changing the password, and what it ends."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from flaskblog import outbox
from flaskblog.extensions import db
from flaskblog.models import Session, User
from tests.client import Client, browser, message_at
from tests.factories import PASSWORD, make_user
from tests.outbox import left
from tests.smtp import Mailbox

NEW = "another password for tests"
RIGHT: dict[str, Any] = {"current_password": PASSWORD, "password": NEW, "confirm_password": NEW}


def is_logged_in(client: Client) -> bool:
    return client.get("/account").status_code == 200


def copied(app: Flask, client: Client) -> Client:
    """Another browser with a copy of the session cookie."""
    cookie = client.get_cookie("session")
    assert cookie is not None
    thief = browser(app)
    thief.set_cookie("session", cookie.value)
    return thief


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("current_password", "a wrong one"),
        ("current_password", ""),
        ("password", "short"),
        ("password", "password1"),
        ("confirm_password", "something else"),
    ],
)
def test_what_is_wrong_is_told_at_the_field_and_changes_nothing(
    app: Flask, writer_client: Client, writer: User, field: str, typed: str
) -> None:
    phone = browser(app)
    phone.log_in(writer)
    answer = writer_client.submit("/account/password", **RIGHT | {field: typed})
    assert answer.status_code == 200
    assert message_at(answer, field)
    db.session.refresh(writer)
    assert writer.has_password(PASSWORD)
    assert is_logged_in(phone)


def test_a_change_logs_every_other_browser_out_at_once_and_keeps_this_one(
    app: Flask, writer_client: Client, writer: User
) -> None:
    others = [browser(app), browser(app)]
    others[0].log_in(writer)
    others[1].log_in(writer, remember="y")
    stranger = browser(app)
    stranger.log_in(make_user("stranger"))
    assert writer_client.submit("/account/password", **RIGHT).location == "/account"
    assert [is_logged_in(one) for one in others] == [False, False]
    assert is_logged_in(writer_client)
    assert is_logged_in(stranger)
    assert len(db.session.scalars(Session.of(writer)).all()) == 1
    assert message_at(others[0].submit("/login", email="writer", password=PASSWORD), "password")
    assert others[0].submit("/login", email="writer", password=NEW).location == "/"


def test_a_copy_of_the_cookie_that_changed_the_password_ends_too(
    app: Flask, writer_client: Client
) -> None:
    thief = copied(app, writer_client)
    assert is_logged_in(thief)
    writer_client.submit("/account/password", **RIGHT)
    assert not is_logged_in(thief)
    assert is_logged_in(copied(app, writer_client))


def test_the_owner_is_told_by_mail(writer_client: Client, mailbox: Mailbox) -> None:
    writer_client.submit("/account/password", **RIGHT | {"current_password": "a wrong one"})
    assert left() == []
    writer_client.submit("/account/password", **RIGHT)
    outbox.deliver_due()
    assert mailbox.recipients == ["writer@example.org"]
    assert mailbox.messages[0]["Subject"] == "Your password at Flaskblog was changed"


@pytest.mark.parametrize("fields", [{}, {"remember": "y"}], ids=["today", "remembered"])
def test_who_was_remembered_is_remembered_still(
    client: Client, writer: User, fields: dict[str, Any]
) -> None:
    client.log_in(writer, **fields)
    lifetime = _lifetime()
    client.submit("/account/password", **RIGHT)
    cookie = client.get_cookie("session")
    assert cookie is not None
    assert (cookie.expires is not None) == bool(fields)
    assert abs((_lifetime() - lifetime).total_seconds()) < 1


def test_a_visitor_is_led_through_log_in(client: Client) -> None:
    assert client.get("/account/password").location == "/login?next=%2Faccount%2Fpassword"


def _lifetime() -> Any:
    row = db.session.scalars(select(Session)).one()
    return row.expires_at - row.created_at
