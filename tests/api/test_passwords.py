"""Another password, and what ends with the old one; what its owner is told."""

import pytest
from flask import Flask
from sqlalchemy import select

from flaskblog import outbox
from flaskblog.extensions import db
from flaskblog.models import Mail, User
from tests.api.program import Program, wrong
from tests.client import Client
from tests.smtp import Mailbox


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_another_password_ends_every_session_and_the_token_that_changed_it(
    app: Flask, client: Client, program: Program, author: User, method: str
) -> None:
    client.log_in(author)
    other = Program(app, author)
    sent = {"username": "author", "email": "author@example.org", "password": "new words here"}
    changed = program.send(method, f"/api/users/{author.id}", sent)
    assert changed.status_code == 200
    assert changed.json is not None
    assert changed.json["email"] == "author@example.org"
    assert other.post("/api/logout").status_code == 401
    assert program.post("/api/logout").status_code == 401
    assert client.get("/post/new").status_code == 302
    program.token = ""
    login = {"email": "author", "password": "new words here"}
    assert program.post("/api/login", login).status_code == 200


def test_an_admin_who_changes_a_password_ends_the_sessions_of_its_owner_alone(
    program: Program, admins_program: Program, author: User
) -> None:
    sent = {"password": "new words here"}
    assert admins_program.patch(f"/api/users/{author.id}", sent).status_code == 200
    wrong(program.post("/api/logout"), 401)
    assert admins_program.post("/api/logout").status_code == 204


def test_whoever_takes_an_account_over_with_a_stolen_token_is_told_of_to_its_owner(
    program: Program, author: User, mailbox: Mailbox
) -> None:
    sent = {"email": "thief@example.org", "password": "new words here"}
    assert program.patch(f"/api/users/{author.id}", sent).status_code == 200
    outbox.deliver_due()
    assert mailbox.recipients == ["author@example.org"] * 2
    subjects = {message["Subject"] for message in mailbox.messages}
    assert subjects == {f"Your {what} at Flaskblog was changed" for what in ("address", "password")}


def test_a_change_that_is_refused_ends_nothing_and_tells_nobody(
    program: Program, author: User
) -> None:
    sent = {"password": "new words here", "email": "keeper@example.org"}
    wrong(program.patch(f"/api/users/{author.id}", sent), 409)
    assert db.session.scalars(select(Mail)).all() == []
    assert program.post("/api/logout").status_code == 204
