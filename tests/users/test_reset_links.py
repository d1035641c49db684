"""When a link to reset a password is dead."""

import time
from datetime import timedelta

import pytest
from flask import Flask
from itsdangerous import URLSafeTimedSerializer

from flaskblog.extensions import db
from flaskblog.models import User
from flaskblog.models.reset_token import RESET_LIFETIME, read_reset_token
from tests.client import Client
from tests.users.links import NEW, PAIR, is_dead


def test_a_link_dies_with_the_password_and_with_the_address_it_was_made_for(
    client: Client, writer: User
) -> None:
    link = f"/reset_password/{writer.reset_token()}"
    writer.move_to("Writer@Example.org")
    db.session.commit()
    assert client.get(link).status_code == 200, "the same mailbox in another spelling"
    writer.move_to("new@example.org")
    db.session.commit()
    assert is_dead(client.get(link))

    link = f"/reset_password/{writer.reset_token()}"
    writer.change_password(NEW)
    db.session.commit()
    assert is_dead(client.get(link))
    assert is_dead(client.post(link, data=PAIR | {"csrf_token": client.token()}))


def test_a_link_lives_for_thirty_minutes(
    client: Client, writer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = f"/reset_password/{writer.reset_token()}"
    began = time.time()
    life = RESET_LIFETIME.total_seconds()
    assert life == timedelta(minutes=30).total_seconds()
    monkeypatch.setattr(time, "time", lambda: began + life - 1)
    assert client.get(link).status_code == 200
    monkeypatch.setattr(time, "time", lambda: began + life + 2)
    assert is_dead(client.get(link))
    assert is_dead(client.post(link, data=PAIR | {"csrf_token": client.token()}))


def test_a_link_of_somebody_who_left_is_dead(client: Client, writer: User) -> None:
    link = f"/reset_password/{writer.reset_token()}"
    db.session.delete(writer)
    db.session.commit()
    assert is_dead(client.get(link))


def test_broken_and_foreign_tokens_get_the_page_that_offers_a_new_link(
    app: Flask, client: Client, writer: User
) -> None:
    token = writer.reset_token()
    middle = len(token) // 2
    other = "x" if token[middle] != "x" else "y"
    claim = list(read_reset_token(token) or ())
    foreign = [
        URLSafeTimedSerializer(key, salt=salt).dumps(claim)
        for key, salt in (
            (app.config["SECRET_KEY"], "another purpose"),
            (app.config["SECRET_KEY"], "itsdangerous"),
            ("another key", "reset-password"),
        )
    ]
    broken = [token[:-5], token[5:], token[::-1], token[:middle] + other + token[middle + 1 :]]
    broken += [
        token + "x",
        token.split(".")[0],
        ".",
        "..",
        "x",
        "x" * 10_240,
        token * 60,
        "%25",
        "ü",
    ]
    for path in (*foreign, *broken):
        assert is_dead(client.get(f"/reset_password/{path}")), path
        assert is_dead(client.post(f"/reset_password/{path}", data={"csrf_token": client.token()}))
    for raw in (b"\x00", b"\xff\xfe", token.encode() + b"\x00", b"\xed\xa0\x80"):
        assert is_dead(client.get_bytes(b"/reset_password/" + raw)), raw
    assert client.get(f"/reset_password/{token}").status_code == 200


def test_a_token_signed_with_a_former_key_still_works(
    app: Flask, client: Client, writer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = f"/reset_password/{writer.reset_token()}"
    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", [app.config["SECRET_KEY"]])
    monkeypatch.setitem(app.config, "SECRET_KEY", "a new key " * 4)
    assert client.get(link).status_code == 200
