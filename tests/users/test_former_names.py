"""Redirects from former usernames."""

from flask import Flask
from sqlalchemy import select

from flaskblog.extensions import db
from flaskblog.models import FormerName, User
from tests.support.account import submit_account
from tests.support.client import Client, browser
from tests.support.examples import REGISTRATION
from tests.support.factories import make_user


def resolve(client: Client, name: str) -> str:
    """The target of the redirect, the name itself if its profile exists, or an empty string."""
    response = client.get(f"/user/{name}")
    if response.status_code == 301:
        return str(response.location)
    return name if response.status_code == 200 else ""


def test_former_usernames_redirect_to_the_current_one_in_any_case(
    client: Client, author_client: Client
) -> None:
    submit_account(author_client, username="second")
    submit_account(author_client, username="third")
    assert [resolve(client, name) for name in ("author", "AUTHOR", "Second", "third")] == [
        "/user/third",
        "/user/third",
        "/user/third",
        "third",
    ]
    # Browsers must revalidate: another member may take the name.
    assert client.get("/user/author").headers["Cache-Control"] == "no-cache"


def test_a_member_can_return_to_a_former_username(client: Client, author_client: Client) -> None:
    submit_account(author_client, username="second")
    submit_account(author_client, username="Author")
    assert resolve(client, "second") == "/user/Author"
    assert resolve(client, "author") == "author"
    submit_account(author_client, username="second")
    assert resolve(client, "author") == "/user/second"


def test_the_redirect_ends_when_another_member_signs_up_with_the_name(
    client: Client, author_client: Client
) -> None:
    submit_account(author_client, username="second")
    assert client.submit("/register", **REGISTRATION.fields | {"username": "Author"}).location
    assert resolve(client, "author") == "author"
    assert db.session.scalars(select(FormerName)).all() == []


def test_the_redirect_ends_when_another_member_is_renamed_to_the_name(
    app: Flask, client: Client, author_client: Client
) -> None:
    submit_account(author_client, username="second")
    stranger = browser(app)
    stranger.log_in(make_user("stranger"))
    submit_account(stranger, username="author")
    assert [resolve(client, name) for name in ("author", "stranger")] == ["author", "/user/author"]
    submit_account(stranger, username="stranger")
    assert resolve(client, "author") == "/user/stranger"


def test_former_usernames_of_a_deleted_account_are_not_found(
    client: Client, author_client: Client, author: User
) -> None:
    submit_account(author_client, username="second")
    db.session.delete(db.session.get_one(User, author.id))
    db.session.commit()
    assert resolve(client, "author") == ""
