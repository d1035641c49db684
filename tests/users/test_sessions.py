"""Sessions are rows: what a cookie opens ends with its row, on every copy of the cookie."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from flaskblog.database import now
from flaskblog.extensions import db
from flaskblog.models import Session, User
from flaskblog.models.session import BROWSER_LENGTH
from flaskblog.passwords import check_password
from flaskblog.users import routes
from flaskblog.worker import forget_expired_sessions
from tests.client import Client, browser
from tests.factories import PASSWORD, make_user


def copied(app: Flask, client: Client) -> Client:
    """Another browser with a copy of the session cookie."""
    cookie = client.get_cookie("session")
    assert cookie is not None
    thief = browser(app)
    thief.set_cookie("session", cookie.value)
    return thief


def is_logged_in(client: Client) -> bool:
    return client.get("/post/new").status_code == 200


def test_a_copied_cookie_opens_nothing_after_logging_out(app: Flask, writer_client: Client) -> None:
    thief = copied(app, writer_client)
    assert is_logged_in(thief)
    writer_client.submit("/logout")
    assert not is_logged_in(thief)


@pytest.mark.parametrize("fields", [{}, {"remember": "y"}], ids=["today", "remembered"])
def test_a_session_that_ran_out_opens_nothing(
    client: Client, writer: User, fields: dict[str, str]
) -> None:
    client.log_in(writer, **fields)
    assert is_logged_in(client)
    db.session.execute(update(Session).values(expires_at=now() - timedelta(seconds=1)))
    db.session.commit()
    assert not is_logged_in(client)


def test_logging_out_on_one_device_leaves_the_other(app: Flask, writer: User) -> None:
    laptop, phone = browser(app), browser(app)
    laptop.log_in(writer)
    phone.log_in(writer)
    laptop.submit("/logout")
    assert not is_logged_in(laptop)
    assert is_logged_in(phone)


def test_a_row_holds_only_the_digest_of_its_token(writer: User) -> None:
    row, token = Session.begin(writer, lifetime=timedelta(days=1), address="::1", browser="")
    db.session.add(row)
    db.session.commit()
    stored = db.session.execute(select(Session.__table__)).mappings().one()
    assert len(token) >= 43
    assert token not in str(dict(stored))
    assert len(row.token_digest) == 64
    user, session_id, _ = db.session.execute(Session.living(), Session.named(token)).one()
    assert (user, session_id) == (writer, row.id)
    assert db.session.scalars(Session.living(), Session.named(row.token_digest)).first() is None


def test_the_number_of_a_person_in_a_signed_cookie_opens_nothing(app: Flask, writer: User) -> None:
    client = browser(app)
    with client.session_transaction() as session:
        session["_user_id"] = str(writer.id)
        session["_fresh"] = True
    assert not is_logged_in(client)


@pytest.mark.parametrize(
    "value", ["", "x", "eyJfdXNlcl9pZCI6IjEifQ.x.x", "a" * 3000, "\u00e9", "..."]
)
def test_a_forged_cookie_opens_nothing(app: Flask, value: str) -> None:
    client = browser(app)
    client.set_cookie("session", value)
    client.set_cookie("remember_token", "1|" + "0" * 128)
    assert client.get("/").status_code == 200
    assert not is_logged_in(client)


def test_a_cookie_signed_with_a_former_key_still_opens(app: Flask, writer_client: Client) -> None:
    former = app.config["SECRET_KEY"]
    try:
        app.config |= {"SECRET_KEY": "a new key " * 4, "SECRET_KEY_FALLBACKS": [former]}
        assert is_logged_in(copied(app, writer_client))
        app.config["SECRET_KEY_FALLBACKS"] = []
        assert not is_logged_in(copied(app, writer_client))
    finally:
        app.config |= {"SECRET_KEY": former, "SECRET_KEY_FALLBACKS": []}


def test_logging_in_begins_a_new_cookie(client: Client, writer: User) -> None:
    token = client.token()
    client.log_in(writer)
    answer = client.post("/post/new", data={"csrf_token": token, "title": "T", "content": "c"})
    assert answer.status_code == 400


def test_a_row_tells_when_where_and_with_what(app: Flask, writer: User) -> None:
    client = browser(app)
    client.environ_base |= {"HTTP_USER_AGENT": "Firefox " + "x" * 400, "REMOTE_ADDR": "192.0.2.7"}
    client.log_in(writer)
    row = db.session.scalars(select(Session)).one()
    assert (row.user_id, row.address) == (writer.id, "192.0.2.7")
    assert row.browser == ("Firefox " + "x" * 400)[:BROWSER_LENGTH]
    assert now() - row.created_at < timedelta(minutes=1)
    assert timedelta(hours=23) < row.expires_at - now() <= timedelta(days=1)


def test_reading_writes_the_time_only_now_and_then(writer_client: Client) -> None:
    def seen_after(age: timedelta) -> timedelta:
        db.session.execute(update(Session).values(last_seen_at=now() - age))
        db.session.commit()
        assert is_logged_in(writer_client)
        return now() - db.session.scalars(select(Session.last_seen_at)).one()

    assert seen_after(timedelta(minutes=4)) > timedelta(minutes=3)
    assert seen_after(timedelta(minutes=6)) < timedelta(minutes=1)


def test_rows_that_ran_out_are_forgotten_and_others_stay(writer: User) -> None:
    rows = [
        Session.begin(writer, lifetime=timedelta(seconds=life), address="", browser="")[0]
        for life in (-1, 60)
    ]
    db.session.add_all(rows)
    db.session.commit()
    forget_expired_sessions.call_local()
    assert db.session.scalars(select(Session)).all() == rows[1:]


def test_somebody_who_is_gone_is_logged_out(writer_client: Client, writer: User) -> None:
    make_user("another")
    db.session.delete(writer)
    db.session.commit()
    assert not is_logged_in(writer_client)
    assert writer_client.get("/").status_code == 200


def test_a_log_in_with_a_password_that_is_changed_meanwhile_opens_nothing(
    app: Flask, writer: User, writer_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = "another password for tests"

    def change() -> None:
        fields: dict[str, Any] = {"password": new, "confirm_password": new}
        writer_client.submit("/account/password", current_password=PASSWORD, **fields)

    def check_before_the_change(password_hash: str | None, password: str) -> bool:
        fits = check_password(password_hash, password)
        with ThreadPoolExecutor(1) as elsewhere:
            elsewhere.submit(change).result()
        return fits

    monkeypatch.setattr(routes, "check_password", check_before_the_change)
    thief = browser(app)
    assert thief.log_in(writer).status_code == 400
    assert not is_logged_in(thief)
    assert is_logged_in(writer_client)
    assert len(db.session.scalars(Session.of(writer)).all()) == 1
