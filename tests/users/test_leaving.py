"""Leaving: what will go is listed, and with the password all of it goes."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select

from flaskblog import outbox
from flaskblog.database import Base
from flaskblog.extensions import db
from flaskblog.models import Draft, FormerName, Mail, Post, Revision, User
from tests.client import Client, browser, message_at, read
from tests.factories import PASSWORD, make_post, make_user
from tests.smtp import Mailbox
from tests.users.pictures import encoded, plain


def leave(client: Client) -> None:
    answer = client.submit("/account/delete", password=PASSWORD)
    assert (answer.status_code, answer.location) == (302, "/")


def fill(client: Client, user: User) -> None:
    """A picture, a former name, posts with a history, one of them deleted, and drafts."""
    picture = (BytesIO(encoded(plain(), "PNG")), "me.png")
    client.submit("/account", username="writer2", picture=picture)
    client.submit("/account", username="writer")
    for _ in range(2):
        post = make_post(user)
    client.submit(f"/post/{post.id}/update", content="Other words.")
    client.submit(f"/post/{make_post(user).id}/delete")
    client.submit("/post/new", title="Not yet", action="draft")
    db.session.rollback()


def test_what_will_go_is_listed(
    app: Flask, writer_client: Client, writer: User, media_folder: Path
) -> None:
    browser(app).log_in(writer)
    fill(writer_client, writer)
    listed = [
        item.text for item in read(writer_client.get("/account/delete")).select("main > ul li")
    ]
    assert listed == [
        "the account writer and its e-mail address",
        "2 posts you wrote, with all earlier versions",
        "1 post you deleted, and could still restore",
        "1 draft",
        "your picture",
        "your log-in on 2 devices",
    ]
    assert media_folder.exists()


@pytest.mark.parametrize("password", ["", "a wrong one"])
def test_without_the_password_nothing_goes(
    writer_client: Client, writer: User, password: str
) -> None:
    answer = writer_client.submit("/account/delete", password=password)
    assert message_at(answer, "password")
    assert writer_client.get("/account").status_code == 200
    assert db.session.scalars(select(User)).all() == [writer]


def test_all_that_belongs_to_somebody_goes_from_every_table_and_from_the_disk(
    app: Flask, writer_client: Client, writer: User, media_folder: Path
) -> None:
    stranger = make_user("stranger")
    theirs = make_post(stranger)
    phone = browser(app)
    phone.log_in(writer, remember="y")
    fill(writer_client, writer)
    for model in (FormerName, Revision, Draft):
        assert db.session.scalar(select(func.count()).select_from(model)) == 1
    assert len(list(media_folder.iterdir())) == 1

    number = writer.id
    leave(writer_client)
    assert list(media_folder.iterdir()) == []
    assert [client.get("/account").status_code for client in (writer_client, phone)] == [302, 302]
    rows = {
        table.name: db.session.scalar(select(func.count()).select_from(table))
        for table in Base.metadata.sorted_tables
    }
    assert {name: count for name, count in rows.items() if count} == {"user": 1, "post": 1}
    assert db.session.scalars(select(Post)).all() == [theirs]
    assert db.session.get(User, number) is None
    assert browser(app).get("/user/writer").status_code == 404
    assert browser(app).get("/user/writer2").status_code == 404


def test_the_name_and_the_address_are_free_again(client: Client, writer_client: Client) -> None:
    leave(writer_client)
    answer = client.submit(
        "/register",
        username="Writer",
        email="WRITER@example.org",
        password=PASSWORD,
        confirm_password=PASSWORD,
    )
    assert answer.location == "/login"


def test_two_clicks_at_once_are_one_farewell(
    app: Flask, writer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have given the password before either deletes the account."""
    both_checked = Barrier(2, timeout=10)
    gone = User.gone

    def gone_together(user: User) -> object:
        statement = gone(user)
        both_checked.wait()
        return statement

    clients = [browser(app), browser(app)]
    for client in clients:
        client.log_in(writer)
    monkeypatch.setattr(User, "gone", gone_together)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(leave, clients))
    assert db.session.scalars(select(User)).all() == []


def test_a_note_to_the_old_address_is_sent_though_the_account_is_gone(
    app: Flask, writer_client: Client, mailbox: Mailbox
) -> None:
    """Whoever took an account over must not silence the note by deleting it."""
    writer_client.submit("/account", email="thief@example.org", current_password=PASSWORD)
    browser(app).submit("/reset_password", email="thief@example.org")
    leave(writer_client)
    outbox.deliver_due()
    assert mailbox.recipients == ["writer@example.org"]
    assert db.session.scalars(select(Mail)).all() == []
