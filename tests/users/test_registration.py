"""Signing up."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from flaskblog.extensions import db
from flaskblog.models import User
from tests.client import Client, browser, message_at
from tests.examples import REGISTRATION
from tests.factories import PASSWORD


def test_signing_up_stores_the_person_as_typed(client: Client) -> None:
    answer = client.submit(
        "/register",
        **REGISTRATION.fields | {"username": " Ada.L ", "email": "Ada@Bücher.org"},
    )
    assert (answer.status_code, answer.location) == (302, "/login")
    user = db.session.scalars(select(User)).one()
    assert (user.username, user.username_key) == ("Ada.L", "ada.l")
    assert (user.email, user.email_key) == ("Ada@Bücher.org", "ada@xn--bcher-kva.org")
    assert PASSWORD not in user.password_hash
    assert user.created_at.tzinfo is not None


def test_signing_up_does_not_log_in_by_itself(client: Client) -> None:
    client.submit("/register", **REGISTRATION.fields)
    assert client.get("/post/new").status_code == 302


@pytest.mark.parametrize(
    ("changed", "told_at"),
    [({"email": "other{}@example.org"}, "username"), ({"username": "other{}"}, "email")],
    ids=["one name", "one address"],
)
def test_of_two_sign_ups_at_the_same_moment_one_is_told_at_the_field(
    app: Flask, changed: dict[str, Any], told_at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have passed the form's own check before either stores its row."""
    both_checked = Barrier(2, timeout=10)
    register = User.register

    def register_together(username: str, email: str, password: str) -> User:
        both_checked.wait()
        return register(username, email, password)

    monkeypatch.setattr(User, "register", register_together)

    def sign_up(number: int) -> tuple[int, str]:
        mine = {name: value.format(number) for name, value in changed.items()}
        answer = browser(app).submit("/register", **REGISTRATION.fields | mine)
        return answer.status_code, message_at(answer, told_at)

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(sign_up, range(2)))
    assert [status for status, _ in answers] == [200, 302]
    assert answers[0][1], "the other is told at the field"
    assert len(db.session.scalars(select(User)).all()) == 1
