"""Deleting an account: what is deleted is listed first, and the password is required."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select

from flaskblog.database.base import Base
from flaskblog.extensions import db
from flaskblog.mail import outbox
from flaskblog.models import Draft, FormerName, Mail, Post, Revision, User
from tests.support.client import Client, browser, message_at, read
from tests.support.factories import PASSWORD, make_post, make_user
from tests.support.pictures import encoded, plain
from tests.support.smtp_server import Mailbox

pytestmark = pytest.mark.usefixtures("admin")


def delete_account(client: Client) -> None:
    response = client.submit("/account/delete", password=PASSWORD)
    assert (response.status_code, response.location) == (302, "/")


def fill(client: Client, user: User) -> None:
    """Add a picture, a former name, posts with a history, one of them deleted, and drafts."""
    picture = (BytesIO(encoded(plain(), "PNG")), "me.png")
    client.submit("/account", username="author2", picture=picture)
    client.submit("/account", username="author")
    for _ in range(2):
        post = make_post(user)
    client.submit(f"/post/{post.id}/update", content="Other words.")
    client.submit(f"/post/{make_post(user).id}/delete")
    client.submit("/post/new", title="Not yet", action="draft")
    db.session.rollback()


def test_the_page_lists_what_will_be_deleted(
    app: Flask, author_client: Client, author: User, media_folder: Path
) -> None:
    browser(app).log_in(author)
    fill(author_client, author)
    listed = [
        item.text for item in read(author_client.get("/account/delete")).select("main > ul li")
    ]
    assert listed == [
        "your account author and its e-mail address",
        "2 published posts, with the full edit history",
        "1 deleted post that could still be restored",
        "1 draft",
        "your profile picture",
        "your sessions on 2 devices",
    ]
    assert media_folder.exists()


def test_the_page_lists_only_what_exists(app: Flask) -> None:
    member = browser(app)
    member.start_session(make_user("stranger"))
    page = read(member.get("/account/delete"))
    assert [item.text for item in page.select("main > ul li")] == [
        "your account stranger and its e-mail address",
        "your sessions on 1 device",
    ]


def test_the_last_admin_cannot_leave_and_is_told_why(app: Flask, admin: User) -> None:
    make_user("stranger")
    client = browser(app)
    client.start_session(admin)
    page = read(client.get("/account/delete"))
    assert page.select("main form") == []
    assert "the only admin" in page.text
    fields = {"csrf_token": client.token("/account"), "password": PASSWORD}
    assert client.post("/account/delete", data=fields).status_code == 200
    assert db.session.scalars(User.admins()).all() == ["keeper"]


def test_of_two_admins_who_leave_at_once_one_stays(
    app: Flask, author: User, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    author.is_admin = True
    db.session.commit()
    both_checked = Barrier(2, timeout=10)
    lock_admins = User.lock_admins

    def lock_together() -> None:
        both_checked.wait()
        lock_admins()

    monkeypatch.setattr(User, "lock_admins", lock_together)
    clients = [browser(app), browser(app)]
    for client, user in zip(clients, (author, admin), strict=True):
        client.start_session(user)

    def leave(client: Client) -> int:
        return client.submit("/account/delete", password=PASSWORD).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(leave, clients)) == [200, 302]
    assert db.session.scalar(select(func.count(User.id)).where(User.is_admin)) == 1


@pytest.mark.parametrize("password", ["", "a wrong one"])
def test_deleting_an_account_requires_the_password(
    author_client: Client, author: User, password: str
) -> None:
    response = author_client.submit("/account/delete", password=password)
    assert message_at(response, "password")
    assert author_client.get("/account").status_code == 200
    assert db.session.get(User, author.id) is author


def test_all_rows_and_files_of_the_account_are_deleted(
    app: Flask, author_client: Client, author: User, admin: User, media_folder: Path
) -> None:
    other_post = make_post(admin)
    phone = browser(app)
    phone.log_in(author, remember="y")
    fill(author_client, author)
    for model in (FormerName, Revision, Draft):
        assert db.session.scalar(select(func.count()).select_from(model)) == 1
    assert len(list(media_folder.iterdir())) == 1

    user_id = author.id
    delete_account(author_client)
    assert list(media_folder.iterdir()) == []
    assert [client.get("/account").status_code for client in (author_client, phone)] == [302, 302]
    rows = {
        table.name: db.session.scalar(select(func.count()).select_from(table))
        for table in Base.metadata.sorted_tables
    }
    kept = {"user": 1, "post": 1, "former_name": 2}
    assert {name: count for name, count in rows.items() if count} == kept
    assert db.session.scalars(select(Post)).all() == [other_post]
    assert db.session.get(User, user_id) is None
    assert browser(app).get("/user/author").status_code == 404
    assert browser(app).get("/user/author2").status_code == 404


def test_the_email_address_of_a_deleted_account_is_available_again(
    client: Client, author_client: Client
) -> None:
    delete_account(author_client)
    response = client.submit(
        "/register",
        username="newcomer",
        email="AUTHOR@example.org",
        password=PASSWORD,
        confirm_password=PASSWORD,
    )
    assert response.location == "/"


def test_two_simultaneous_deletions_delete_the_account_once(
    app: Flask, author: User, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both pass the password check before either deletes the account."""
    both_checked = Barrier(2, timeout=10)
    delete = User.delete

    def delete_together(user: User) -> str | None:
        both_checked.wait()
        return delete(user)

    clients = [browser(app), browser(app)]
    for client in clients:
        client.log_in(author)
    monkeypatch.setattr(User, "delete", delete_together)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(delete_account, clients))
    assert db.session.scalars(select(User)).all() == [admin]


def test_the_old_address_is_notified_even_if_the_account_is_deleted(
    app: Flask, author_client: Client, mailbox: Mailbox
) -> None:
    """A thief must not suppress the notification by deleting the account."""
    author_client.submit("/account", email="thief@example.org", current_password=PASSWORD)
    browser(app).submit("/reset_password", email="thief@example.org")
    delete_account(author_client)
    outbox.deliver_due()
    assert mailbox.recipients == ["author@example.org"]
    assert db.session.scalars(select(Mail)).all() == []
