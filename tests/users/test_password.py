"""Changing the password, which ends all other sessions."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from flaskblog.extensions import db
from flaskblog.mail import outbox
from flaskblog.models import Session, User
from tests.support.client import Client, browser, message_at
from tests.support.factories import PASSWORD, make_user
from tests.support.outbox import outbox_rows
from tests.support.smtp_server import Mailbox

NEW = "another password for tests"
FIELDS: dict[str, Any] = {"current_password": PASSWORD, "password": NEW, "confirm_password": NEW}


def is_logged_in(client: Client) -> bool:
    return client.get("/account").status_code == 200


def copy_session(app: Flask, client: Client) -> Client:
    """Another browser with a copy of the session cookie."""
    cookie = client.get_cookie("session")
    assert cookie is not None
    copy = browser(app)
    copy.set_cookie("session", cookie.value)
    return copy


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
def test_an_invalid_field_shows_an_error_and_changes_nothing(
    app: Flask, author_client: Client, author: User, field: str, typed: str
) -> None:
    phone = browser(app)
    phone.log_in(author)
    response = author_client.submit("/account/password", **FIELDS | {field: typed})
    assert response.status_code == 200
    assert message_at(response, field)
    db.session.refresh(author)
    assert author.has_password(PASSWORD)
    assert is_logged_in(phone)


def test_a_change_logs_out_all_other_browsers(
    app: Flask, author_client: Client, author: User
) -> None:
    others = [browser(app), browser(app)]
    others[0].log_in(author)
    others[1].log_in(author, remember="y")
    stranger = browser(app)
    stranger.log_in(make_user("stranger"))
    assert author_client.submit("/account/password", **FIELDS).location == "/account"
    assert [is_logged_in(one) for one in others] == [False, False]
    assert is_logged_in(author_client)
    assert is_logged_in(stranger)
    assert len(db.session.scalars(Session.of(author)).all()) == 1
    assert message_at(others[0].submit("/login", email="author", password=PASSWORD), "password")
    assert others[0].submit("/login", email="author", password=NEW).location == "/"


def test_a_copy_of_the_former_cookie_is_logged_out_too(app: Flask, author_client: Client) -> None:
    copy = copy_session(app, author_client)
    assert is_logged_in(copy)
    author_client.submit("/account/password", **FIELDS)
    assert not is_logged_in(copy)
    assert is_logged_in(copy_session(app, author_client))


def test_the_owner_is_notified_by_email(author_client: Client, mailbox: Mailbox) -> None:
    author_client.submit("/account/password", **FIELDS | {"current_password": "a wrong one"})
    assert outbox_rows() == []
    author_client.submit("/account/password", **FIELDS)
    outbox.deliver_due()
    assert mailbox.recipients == ["author@example.org"]
    assert mailbox.messages[0]["Subject"] == "Your password for Flaskblog was changed"


@pytest.mark.parametrize("fields", [{}, {"remember": "y"}], ids=["today", "remembered"])
def test_the_session_keeps_its_lifetime(
    client: Client, author: User, fields: dict[str, Any]
) -> None:
    client.log_in(author, **fields)
    lifetime = _lifetime()
    client.submit("/account/password", **FIELDS)
    cookie = client.get_cookie("session")
    assert cookie is not None
    assert (cookie.expires is not None) == bool(fields)
    assert abs((_lifetime() - lifetime).total_seconds()) < 1


def test_the_password_page_requires_a_log_in(client: Client) -> None:
    assert client.get("/account/password").location == "/login?next=%2Faccount%2Fpassword"


def _lifetime() -> Any:
    row = db.session.scalars(select(Session)).one()
    return row.expires_at - row.created_at
