"""The first account becomes the admin; registration can be closed."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import event, select

from flaskblog.extensions import db
from flaskblog.models import User
from tests.support.client import Client, browser, is_own_page, read
from tests.support.examples import REGISTRATION
from tests.support.factories import make_user

SIGN_UPS = 4


def announces_the_admin(client: Client) -> bool:
    return "becomes its admin" in client.get("/register").text


def admins() -> list[bool]:
    db.session.rollback()
    return list(db.session.scalars(select(User.is_admin).order_by(User.id)))


def test_the_first_account_becomes_the_admin_and_the_form_says_so(
    app: Flask, client: Client
) -> None:
    assert announces_the_admin(client)
    client.submit("/register", **REGISTRATION.fields)
    other = browser(app)
    assert not announces_the_admin(other)
    second = {"username": "second", "email": "second@example.org"}
    other.submit("/register", **REGISTRATION.fields | second)
    assert admins() == [True, False]


def test_of_simultaneous_first_sign_ups_one_becomes_the_admin(app: Flask) -> None:
    """All pass validation before the first one is stored."""
    all_checked = Barrier(SIGN_UPS, timeout=10)

    def wait(*_: object) -> None:
        if db.engine.dialect.name == "postgresql":  # SQLite has already serialized the writes
            all_checked.wait()

    def sign_up(number: int) -> int:
        own = {"username": f"first{number}", "email": f"first{number}@example.org"}
        return browser(app).submit("/register", **REGISTRATION.fields | own).status_code

    event.listen(db.session, "before_flush", wait)
    try:
        with ThreadPoolExecutor(SIGN_UPS) as pool:
            assert list(pool.map(sign_up, range(SIGN_UPS))) == [302] * SIGN_UPS
    finally:
        event.remove(db.session, "before_flush", wait)
    assert sorted(admins()) == [False] * (SIGN_UPS - 1) + [True]


@pytest.mark.parametrize("is_empty", [True, False], ids=["an empty site", "a site with members"])
def test_closed_registration_shows_a_page_and_creates_no_account(
    app: Flask, client: Client, monkeypatch: pytest.MonkeyPatch, is_empty: bool
) -> None:
    users = [] if is_empty else [make_user("author")]
    monkeypatch.setitem(app.config, "REGISTRATION_OPEN", False)
    token = client.token("/login")
    for response in (
        client.get("/register"),
        client.post("/register", data=REGISTRATION.fields | {"csrf_token": token}),
    ):
        assert response.status_code == 403
        assert is_own_page(response)
        assert "is not accepting new members" in response.text
        assert read(response).select("main form") == []
    assert db.session.scalars(select(User)).all() == users
