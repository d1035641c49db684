"""Logging in and out."""

import pytest
from flask import Flask
from sqlalchemy import select

from flaskblog.extensions import bcrypt, db
from flaskblog.models import Session, User
from tests.client import Client, browser, message_at, read
from tests.factories import PASSWORD, make_user


@pytest.mark.parametrize(
    "typed", ["writer", "WRITER", " writer ", "writer@example.org", "Writer@EXAMPLE.org\t"]
)
@pytest.mark.usefixtures("writer")
def test_a_name_or_an_address_in_any_spelling_logs_in(client: Client, typed: str) -> None:
    assert client.submit("/login", email=typed, password=PASSWORD).location == "/"
    assert client.get("/post/new").status_code == 200


def test_log_in_leads_back_to_the_page_that_asked(client: Client, writer: User) -> None:
    asked = client.get("/post/new")
    assert asked.status_code == 302
    assert asked.location.startswith("/login?next=")
    answer = client.submit(asked.location, email=writer.username, password=PASSWORD)
    assert answer.location == "/post/new"


@pytest.mark.usefixtures("writer")
def test_a_wrong_password_and_an_unknown_name_are_answered_alike(app: Flask) -> None:
    pages = []
    for name, password in [("writer", "a wrong one"), ("nobody", PASSWORD), ("no@b.org", PASSWORD)]:
        answer = browser(app).submit("/login", email=name, password=password)
        assert answer.status_code == 200
        assert message_at(answer, "password")
        page = read(answer)
        for field in page.select("input"):
            del field["value"]
        pages.append(str(page))
    assert len(set(pages)) == 1
    assert db.session.scalars(select(Session)).all() == []


@pytest.mark.parametrize("name", ["writer", "nobody", "nobody@example.org", "@", "x" * 5000])
@pytest.mark.usefixtures("writer")
def test_every_log_in_takes_one_check_of_the_same_cost(
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
    client: Client, writer: User, stored: str
) -> None:
    writer.password_hash = stored
    db.session.commit()
    answer = client.submit("/login", email="writer", password=PASSWORD)
    assert answer.status_code == 200
    assert message_at(answer, "password")


def test_a_long_password_counts_whole(client: Client) -> None:
    password = "🦊" * 30
    make_user("writer", password=password)
    for wrong in (password[:-1], password + "🦊", password[:18]):
        answer = client.submit("/login", email="writer", password=wrong)
        assert message_at(answer, "password")
    assert client.submit("/login", email="writer", password=password).status_code == 302


@pytest.mark.parametrize("address", ["/login", "/register"])
def test_who_is_logged_in_is_sent_home(writer_client: Client, address: str) -> None:
    answer = writer_client.get(address)
    assert (answer.status_code, answer.location) == (302, "/")


def test_a_get_to_log_out_asks_and_changes_nothing(writer_client: Client) -> None:
    for ask in (writer_client.get, writer_client.head, writer_client.options):
        assert ask("/logout").status_code == 200
    assert writer_client.get("/post/new").status_code == 200
    assert len(db.session.scalars(select(Session)).all()) == 1


def test_logging_out_ends_the_session(writer_client: Client) -> None:
    assert writer_client.submit("/logout").location == "/"
    assert db.session.scalars(select(Session)).all() == []
    assert writer_client.get("/post/new").status_code == 302


def test_a_visitor_has_nothing_to_log_out_of(client: Client) -> None:
    assert client.get("/logout").location == "/"
