"""Who becomes the admin, and a site that takes nobody new."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import event, select

from flaskblog.extensions import db
from flaskblog.models import User
from tests.client import Client, browser, is_own_page, read
from tests.examples import REGISTRATION
from tests.factories import make_user

FIRST = 4


def says_who_is_first(client: Client) -> bool:
    return "becomes the admin" in client.get("/register").text


def admins() -> list[bool]:
    db.session.rollback()
    return list(db.session.scalars(select(User.is_admin).order_by(User.id)))


def test_the_first_person_becomes_the_admin_and_is_told_so(client: Client) -> None:
    assert says_who_is_first(client)
    client.submit("/register", **REGISTRATION.fields)
    assert not says_who_is_first(client)
    second = {"username": "second", "email": "second@example.org"}
    client.submit("/register", **REGISTRATION.fields | second)
    assert admins() == [True, False]


def test_of_many_first_people_at_once_one_becomes_the_admin(app: Flask) -> None:
    """None is stored before all have been checked."""
    together = Barrier(FIRST, timeout=10)

    def wait(*_: object) -> None:
        if db.engine.dialect.name == "postgresql":  # SQLite's writes have begun to take turns
            together.wait()

    def sign_up(number: int) -> int:
        own = {"username": f"first{number}", "email": f"first{number}@example.org"}
        return browser(app).submit("/register", **REGISTRATION.fields | own).status_code

    event.listen(db.session, "before_flush", wait)
    try:
        with ThreadPoolExecutor(FIRST) as pool:
            assert list(pool.map(sign_up, range(FIRST))) == [302] * FIRST
    finally:
        event.remove(db.session, "before_flush", wait)
    assert sorted(admins()) == [False] * (FIRST - 1) + [True]


@pytest.mark.parametrize("is_empty", [True, False], ids=["an empty site", "a site with people"])
def test_a_closed_site_says_so_and_makes_no_account(
    app: Flask, client: Client, monkeypatch: pytest.MonkeyPatch, is_empty: bool
) -> None:
    people = [] if is_empty else [make_user("writer")]
    monkeypatch.setitem(app.config, "REGISTRATION_OPEN", False)
    token = client.token("/login")
    for answer in (
        client.get("/register"),
        client.post("/register", data=REGISTRATION.fields | {"csrf_token": token}),
    ):
        assert answer.status_code == 403
        assert is_own_page(answer)
        assert "take no new members" in answer.text
        assert read(answer).select("main form") == []
    assert db.session.scalars(select(User)).all() == people
