"""Changing passwords by the API ends sessions and notifies the owner."""

import pytest
from flask import Flask
from sqlalchemy import select

from flaskblog.extensions import db
from flaskblog.mail import outbox
from flaskblog.models import Mail, User
from tests.api.test_users import CONFIRMED
from tests.support.api_client import ApiClient, errors_of
from tests.support.client import Client
from tests.support.smtp_server import Mailbox


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_new_password_ends_every_session_and_the_token_itself(
    app: Flask, client: Client, author_api: ApiClient, author: User, method: str
) -> None:
    client.log_in(author)
    other = ApiClient(app, author)
    fields = {"username": "author", "email": "author@example.org", "password": "new words here"}
    fields |= CONFIRMED
    changed = author_api.send(method, f"/api/users/{author.id}", fields)
    assert changed.status_code == 200
    assert changed.json is not None
    assert changed.json["email"] == "author@example.org"
    assert other.post("/api/logout").status_code == 401
    assert author_api.post("/api/logout").status_code == 401
    assert client.get("/post/new").status_code == 302
    author_api.token = ""
    login = {"email": "author", "password": "new words here"}
    assert author_api.post("/api/login", login).status_code == 200


def test_an_admin_who_changes_a_password_ends_only_the_sessions_of_its_owner(
    author_api: ApiClient, admin_api: ApiClient, author: User
) -> None:
    fields = CONFIRMED | {"password": "new words here"}
    assert admin_api.patch(f"/api/users/{author.id}", fields).status_code == 200
    errors_of(author_api.post("/api/logout"), 401)
    assert admin_api.post("/api/logout").status_code == 204


def test_the_owner_is_notified_of_a_new_password_and_a_new_address(
    author_api: ApiClient, author: User, mailbox: Mailbox
) -> None:
    fields = CONFIRMED | {"email": "thief@example.org", "password": "new words here"}
    assert author_api.patch(f"/api/users/{author.id}", fields).status_code == 200
    outbox.deliver_due()
    assert mailbox.recipients == ["author@example.org"] * 2
    subjects = {message["Subject"] for message in mailbox.messages}
    assert subjects == {
        "Your e-mail address for Flaskblog was changed",
        "Your password for Flaskblog was changed",
    }


def test_a_rejected_change_ends_no_session_and_sends_no_mail(
    author_api: ApiClient, author: User
) -> None:
    fields = CONFIRMED | {"password": "new words here", "email": "keeper@example.org"}
    errors_of(author_api.patch(f"/api/users/{author.id}", fields), 409)
    assert db.session.scalars(select(Mail)).all() == []
    assert author_api.post("/api/logout").status_code == 204
