"""Signing up."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from flaskblog.extensions import db
from flaskblog.models import User
from flaskblog.models.passwords import hash_password
from tests.support.client import Client, browser, message_at, read
from tests.support.examples import REGISTRATION
from tests.support.factories import PASSWORD


def test_signing_up_stores_username_and_email_as_typed(client: Client) -> None:
    response = client.submit(
        "/register",
        **REGISTRATION.fields | {"username": " Ada.L ", "email": "Ada@Bücher.org"},
    )
    assert (response.status_code, response.location) == (302, "/")
    user = db.session.scalars(select(User)).one()
    assert (user.username, user.username_key) == ("Ada.L", "ada.l")
    assert (user.email, user.email_key) == ("Ada@Bücher.org", "ada@xn--bcher-kva.org")
    assert PASSWORD not in user.password_hash
    assert user.created_at.tzinfo is not None


def test_signing_up_logs_in(client: Client) -> None:
    client.submit("/register", **REGISTRATION.fields)
    assert client.get("/post/new").status_code == 200


def test_signing_up_leads_to_the_page_that_required_a_log_in(client: Client) -> None:
    """Also by way of the forms for logging in and for a forgotten password."""
    address = client.get("/drafts").location
    for target in ("/reset_password", "/login", "/register"):
        links = {str(link["href"]) for link in read(client.get(address)).select("a")}
        [address] = [link for link in links if link.startswith(target)]
        assert address == f"{target}?next=/drafts"
    assert client.submit(address, **REGISTRATION.fields).location == "/drafts"
    assert client.get("/login?next=/drafts").location == "/drafts"


def test_signing_up_does_not_lead_to_another_site(client: Client) -> None:
    address = "/register?next=//example.com"
    assert client.submit(address, **REGISTRATION.fields).location == "/"


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"email": "other{}@example.org"}, "username"), ({"username": "other{}"}, "email")],
    ids=["one name", "one address"],
)
def test_of_two_simultaneous_sign_ups_one_gets_an_error_at_the_field(
    app: Flask, changed: dict[str, Any], field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both pass the validation of the form before either stores its row."""
    both_checked = Barrier(2, timeout=10)

    def hash_together(password: str) -> str:
        both_checked.wait()
        return hash_password(password)

    monkeypatch.setattr("flaskblog.users.changes.hash_password", hash_together)

    def sign_up(number: int) -> tuple[int, str]:
        own = {name: value.format(number) for name, value in changed.items()}
        response = browser(app).submit("/register", **REGISTRATION.fields | own)
        return response.status_code, message_at(response, field)

    with ThreadPoolExecutor(2) as pool:
        responses = sorted(pool.map(sign_up, range(2)))
    assert [status for status, _ in responses] == [200, 302]
    assert responses[0][1], "the error is shown at the field"
    assert len(db.session.scalars(select(User)).all()) == 1
