"""Logging in and out."""

import pytest
from flask import Flask
from sqlalchemy import select

from flaskblog.extensions import bcrypt, db
from flaskblog.models import Session, User
from tests.support.client import Client, browser, message_at, read
from tests.support.factories import PASSWORD, make_user


@pytest.mark.parametrize(
    "typed", ["author", "AUTHOR", " author ", "author@example.org", "Author@EXAMPLE.org\t"]
)
@pytest.mark.usefixtures("author")
def test_log_in_accepts_any_spelling_of_username_and_email(client: Client, typed: str) -> None:
    assert client.submit("/login", email=typed, password=PASSWORD).location == "/"
    assert client.get("/post/new").status_code == 200


def test_log_in_redirects_to_the_page_that_required_it(client: Client, author: User) -> None:
    required = client.get("/post/new")
    assert required.status_code == 302
    assert required.location.startswith("/login?next=")
    response = client.submit(required.location, email=author.username, password=PASSWORD)
    assert response.location == "/post/new"


@pytest.mark.usefixtures("author")
def test_a_wrong_password_and_an_unknown_username_get_the_same_page(app: Flask) -> None:
    pages = []
    for name, password in [("author", "a wrong one"), ("nobody", PASSWORD), ("no@b.org", PASSWORD)]:
        response = browser(app).submit("/login", email=name, password=password)
        assert response.status_code == 200
        assert message_at(response, "password")
        page = read(response)
        for field in page.select("input"):
            del field["value"]
        pages.append(str(page))
    assert len(set(pages)) == 1
    assert db.session.scalars(select(Session)).all() == []


@pytest.mark.parametrize("name", ["author", "nobody", "nobody@example.org", "@", "x" * 5000])
@pytest.mark.usefixtures("author")
def test_every_log_in_costs_one_password_check(
    app: Flask, client: Client, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []

    def check(password_hash: str, password: str) -> bool:
        checked.append(password_hash)
        return bool(original(password_hash, password))

    original = bcrypt.check_password_hash
    monkeypatch.setattr(bcrypt, "check_password_hash", check)
    client.submit("/login", email=name, password="a wrong one")
    assert [stored[:7] for stored in checked] == [f"$2b${app.config['BCRYPT_LOG_ROUNDS']:02d}$"]


@pytest.mark.parametrize("stored", ["", "!", "$2b$04$short", "x" * 60])
def test_a_corrupt_stored_hash_is_a_wrong_password(
    client: Client, author: User, stored: str
) -> None:
    author.password_hash = stored
    db.session.commit()
    response = client.submit("/login", email="author", password=PASSWORD)
    assert response.status_code == 200
    assert message_at(response, "password")


def test_every_character_of_a_long_password_counts(client: Client) -> None:
    password = "🦊" * 30
    make_user("author", password=password)
    for wrong in (password[:-1], password + "🦊", password[:18]):
        response = client.submit("/login", email="author", password=wrong)
        assert message_at(response, "password")
    assert client.submit("/login", email="author", password=password).status_code == 302


def test_a_get_request_to_log_out_only_asks_for_confirmation(author_client: Client) -> None:
    for send in (author_client.get, author_client.head, author_client.options):
        assert send("/logout").status_code == 200
    assert author_client.get("/post/new").status_code == 200
    assert len(db.session.scalars(select(Session)).all()) == 1


def test_logging_out_ends_the_session(author_client: Client) -> None:
    assert author_client.submit("/logout").location == "/"
    assert db.session.scalars(select(Session)).all() == []
    assert author_client.get("/post/new").status_code == 302


def test_log_out_redirects_anonymous_readers(client: Client) -> None:
    assert client.get("/logout").location == "/"
