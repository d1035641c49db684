"""When a password reset link is invalid."""

import time
from datetime import timedelta

import pytest
from flask import Flask
from itsdangerous import URLSafeTimedSerializer

from flaskblog.extensions import db
from flaskblog.models import User
from flaskblog.models.passwords import hash_password
from flaskblog.models.reset_token import RESET_LIFETIME, read_reset_token
from tests.support.client import Client
from tests.support.reset_links import NEW, PAIR, is_expired


def test_a_new_password_or_address_invalidates_the_link(client: Client, author: User) -> None:
    link = f"/reset_password/{author.reset_token()}"
    author.change_email("Author@Example.org")
    db.session.commit()
    assert client.get(link).status_code == 200, "the same mailbox in another spelling"
    author.change_email("new@example.org")
    db.session.commit()
    assert is_expired(client.get(link))

    link = f"/reset_password/{author.reset_token()}"
    author.password_hash = hash_password(NEW)
    db.session.commit()
    assert is_expired(client.get(link))
    assert is_expired(client.post(link, data=PAIR | {"csrf_token": client.token()}))


def test_a_link_is_valid_for_thirty_minutes(
    client: Client, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = f"/reset_password/{author.reset_token()}"
    start = time.time()
    lifetime = RESET_LIFETIME.total_seconds()
    assert lifetime == timedelta(minutes=30).total_seconds()
    monkeypatch.setattr(time, "time", lambda: start + lifetime - 1)
    assert client.get(link).status_code == 200
    monkeypatch.setattr(time, "time", lambda: start + lifetime + 2)
    assert is_expired(client.get(link))
    assert is_expired(client.post(link, data=PAIR | {"csrf_token": client.token()}))


def test_the_link_of_a_deleted_account_is_invalid(client: Client, author: User) -> None:
    link = f"/reset_password/{author.reset_token()}"
    db.session.delete(author)
    db.session.commit()
    assert is_expired(client.get(link))


def test_corrupt_and_forged_tokens_get_the_page_that_offers_a_new_link(
    app: Flask, client: Client, author: User
) -> None:
    token = author.reset_token()
    middle = len(token) // 2
    other = "x" if token[middle] != "x" else "y"
    payload = list(read_reset_token(token) or ())
    forged = [
        URLSafeTimedSerializer(key, salt=salt).dumps(payload)
        for key, salt in (
            (app.config["SECRET_KEY"], "another purpose"),
            (app.config["SECRET_KEY"], "itsdangerous"),
            ("another key", "reset-password"),
        )
    ]
    corrupt = [token[:-5], token[5:], token[::-1], token[:middle] + other + token[middle + 1 :]]
    corrupt += [
        token + "x",
        token.split(".")[0],
        ".",
        "..",
        "x",
        "x" * 7_900,
        token * 60,
        "%25",
        "ü",
    ]
    for path in (*forged, *corrupt):
        assert is_expired(client.get(f"/reset_password/{path}")), path
        assert is_expired(
            client.post(f"/reset_password/{path}", data={"csrf_token": client.token()})
        )
    for raw in (b"\x00", b"\xff\xfe", token.encode() + b"\x00", b"\xed\xa0\x80"):
        assert is_expired(client.get_bytes(b"/reset_password/" + raw)), raw
    assert client.get(f"/reset_password/{token}").status_code == 200


def test_a_token_signed_with_a_former_key_still_works(
    app: Flask, client: Client, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = f"/reset_password/{author.reset_token()}"
    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", [app.config["SECRET_KEY"]])
    monkeypatch.setitem(app.config, "SECRET_KEY", "a new key " * 4)
    assert client.get(link).status_code == 200
