"""Sessions are rows of the database: without its row, a cookie is worthless."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from flaskblog.database.base import now
from flaskblog.extensions import db
from flaskblog.models import Session, User
from flaskblog.models.passwords import check_password
from flaskblog.models.session import BROWSER_LENGTH
from flaskblog.serving.worker import delete_expired_sessions
from flaskblog.users import log_in_attempts
from tests.support.client import Client, browser
from tests.support.factories import PASSWORD, make_user
from tests.support.jobs import run_job


def copy_session(app: Flask, client: Client) -> Client:
    """Another browser with a copy of the session cookie."""
    cookie = client.get_cookie("session")
    assert cookie is not None
    copy = browser(app)
    copy.set_cookie("session", cookie.value)
    return copy


def is_logged_in(client: Client) -> bool:
    return client.get("/post/new").status_code == 200


def test_logging_out_also_ends_copies_of_the_cookie(app: Flask, author_client: Client) -> None:
    copy = copy_session(app, author_client)
    assert is_logged_in(copy)
    author_client.submit("/logout")
    assert not is_logged_in(copy)


@pytest.mark.parametrize("fields", [{}, {"remember": "y"}], ids=["today", "remembered"])
def test_an_expired_session_is_logged_out(
    client: Client, author: User, fields: dict[str, str]
) -> None:
    client.log_in(author, **fields)
    assert is_logged_in(client)
    db.session.execute(update(Session).values(expires_at=now() - timedelta(seconds=1)))
    db.session.commit()
    assert not is_logged_in(client)


def test_logging_out_on_one_device_leaves_the_other_logged_in(app: Flask, author: User) -> None:
    laptop, phone = browser(app), browser(app)
    laptop.log_in(author)
    phone.log_in(author)
    laptop.submit("/logout")
    assert not is_logged_in(laptop)
    assert is_logged_in(phone)


def test_a_signed_cookie_with_a_user_id_is_not_accepted(app: Flask, author: User) -> None:
    client = browser(app)
    with client.session_transaction() as session:
        session["_user_id"] = str(author.id)
        session["_fresh"] = True
    assert not is_logged_in(client)


@pytest.mark.parametrize(
    "value", ["", "x", "eyJfdXNlcl9pZCI6IjEifQ.x.x", "a" * 3000, "\u00e9", "..."]
)
def test_a_forged_cookie_is_not_accepted(app: Flask, value: str) -> None:
    client = browser(app)
    client.set_cookie("session", value)
    client.set_cookie("remember_token", "1|" + "0" * 128)
    assert client.get("/").status_code == 200
    assert not is_logged_in(client)


def test_a_cookie_signed_with_a_former_key_is_still_accepted(
    app: Flask, author_client: Client
) -> None:
    former = app.config["SECRET_KEY"]
    try:
        app.config |= {"SECRET_KEY": "a new key " * 4, "SECRET_KEY_FALLBACKS": [former]}
        assert is_logged_in(copy_session(app, author_client))
        app.config["SECRET_KEY_FALLBACKS"] = []
        assert not is_logged_in(copy_session(app, author_client))
    finally:
        app.config |= {"SECRET_KEY": former, "SECRET_KEY_FALLBACKS": []}


def test_logging_in_invalidates_earlier_csrf_tokens(client: Client, author: User) -> None:
    token = client.token()
    client.log_in(author)
    response = client.post("/post/new", data={"csrf_token": token, "title": "T", "content": "c"})
    assert response.status_code == 400


def test_a_session_stores_times_address_and_browser(app: Flask, author: User) -> None:
    client = browser(app)
    client.environ_base |= {"HTTP_USER_AGENT": "Firefox " + "x" * 400, "REMOTE_ADDR": "192.0.2.7"}
    client.log_in(author)
    row = db.session.scalars(select(Session)).one()
    assert (row.user_id, row.address) == (author.id, "192.0.2.7")
    assert row.browser == ("Firefox " + "x" * 400)[:BROWSER_LENGTH]
    assert now() - row.created_at < timedelta(minutes=1)
    assert timedelta(hours=23) < row.expires_at - now() <= timedelta(days=1)


def test_last_seen_is_updated_at_most_every_five_minutes(author_client: Client) -> None:
    def seen_after(age: timedelta) -> timedelta:
        db.session.execute(update(Session).values(last_seen_at=now() - age))
        db.session.commit()
        assert is_logged_in(author_client)
        return now() - db.session.scalars(select(Session.last_seen_at)).one()

    assert seen_after(timedelta(minutes=4)) > timedelta(minutes=3)
    assert seen_after(timedelta(minutes=6)) < timedelta(minutes=1)


def test_only_expired_sessions_are_deleted(app: Flask, author: User) -> None:
    rows = [
        Session.begin(author, lifetime=timedelta(seconds=life), address="", browser="")[0]
        for life in (-1, 60)
    ]
    db.session.add_all(rows)
    db.session.commit()
    run_job(app, delete_expired_sessions)
    assert db.session.scalars(select(Session)).all() == rows[1:]


def test_a_deleted_member_is_logged_out(author_client: Client, author: User) -> None:
    make_user("another")
    db.session.delete(author)
    db.session.commit()
    assert not is_logged_in(author_client)
    assert author_client.get("/").status_code == 200


def test_a_log_in_fails_if_the_password_is_changed_during_it(
    app: Flask, author: User, author_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = "another password for tests"

    def change() -> None:
        fields: dict[str, Any] = {"password": new, "confirm_password": new}
        author_client.submit("/account/password", current_password=PASSWORD, **fields)

    def check_before_the_change(password_hash: str | None, password: str) -> bool:
        matches = check_password(password_hash, password)
        with ThreadPoolExecutor(1) as other_thread:
            other_thread.submit(change).result()
        return matches

    monkeypatch.setattr(log_in_attempts, "check_password", check_before_the_change)
    late = browser(app)
    assert late.log_in(author).status_code == 400
    assert not is_logged_in(late)
    assert is_logged_in(author_client)
    assert len(db.session.scalars(Session.of(author)).all()) == 1
