"""Where the addresses of names lead that somebody gave up."""

from flask import Flask
from sqlalchemy import select

from flaskblog.extensions import db
from flaskblog.models import FormerName, User
from tests.client import Client, browser
from tests.examples import REGISTRATION
from tests.factories import make_user
from tests.users.account import saved


def led_to(client: Client, name: str) -> str:
    """Where the address of a name leads: to itself, elsewhere, or nowhere."""
    answer = client.get(f"/user/{name}")
    if answer.status_code == 301:
        return str(answer.location)
    return name if answer.status_code == 200 else ""


def test_an_old_name_leads_to_the_new_one_in_any_case(
    client: Client, writer_client: Client
) -> None:
    saved(writer_client, username="second")
    saved(writer_client, username="third")
    assert [led_to(client, name) for name in ("writer", "WRITER", "Second", "third")] == [
        "/user/third",
        "/user/third",
        "/user/third",
        "third",
    ]
    # A browser must ask again: somebody else may have the name by then.
    assert client.get("/user/writer").headers["Cache-Control"] == "no-cache"


def test_a_name_can_be_taken_back(client: Client, writer_client: Client) -> None:
    saved(writer_client, username="second")
    saved(writer_client, username="Writer")
    assert led_to(client, "second") == "/user/Writer"
    assert led_to(client, "writer") == "writer"
    saved(writer_client, username="second")
    assert led_to(client, "writer") == "/user/second"


def test_an_old_name_leads_on_until_somebody_signs_up_with_it(
    client: Client, writer_client: Client
) -> None:
    saved(writer_client, username="second")
    assert client.submit("/register", **REGISTRATION.fields | {"username": "Writer"}).location
    assert led_to(client, "writer") == "writer"
    assert db.session.scalars(select(FormerName)).all() == []


def test_an_old_name_leads_on_until_somebody_is_renamed_to_it(
    app: Flask, client: Client, writer_client: Client
) -> None:
    saved(writer_client, username="second")
    stranger = browser(app)
    stranger.log_in(make_user("stranger"))
    saved(stranger, username="writer")
    assert [led_to(client, name) for name in ("writer", "stranger")] == ["writer", "/user/writer"]
    saved(stranger, username="stranger")
    assert led_to(client, "writer") == "/user/stranger"


def test_an_old_name_of_somebody_who_left_leads_nowhere(
    client: Client, writer_client: Client, writer: User
) -> None:
    saved(writer_client, username="second")
    db.session.delete(db.session.get_one(User, writer.id))
    db.session.commit()
    assert led_to(client, "writer") == ""
