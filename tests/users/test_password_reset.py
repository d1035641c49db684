"""Resetting a forgotten password by a mailed link."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from flaskblog.extensions import db
from flaskblog.mail import outbox
from flaskblog.models import Session, User
from tests.support.client import Client, browser, message_at
from tests.support.factories import PASSWORD, make_user
from tests.support.outbox import outbox_rows
from tests.support.reset_links import NEW, PAIR, is_expired
from tests.support.smtp_server import Mailbox

REQUESTS = 2


def request_reset(client: Client, address: str) -> TestResponse:
    return client.submit("/reset_password", email=address)


def mailed_path(mailbox: Mailbox, site_url: str) -> str:
    """The path of the link in the latest mail, which is the same in text and HTML."""
    bodies = [mailbox.messages[-1].get_body((kind,)) for kind in ("plain", "html")]
    links: set[str] = {
        link
        for body in bodies
        if body is not None
        for link in re.findall(r"https?://[^\s\"<]+/reset_password/[^\s\"<]+", body.get_content())
    }
    [link] = links
    assert link.startswith(site_url)
    return link.removeprefix(site_url)


@pytest.mark.usefixtures("author")
def test_a_password_is_reset_by_a_mailed_link(
    app: Flask, client: Client, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "SITE_URL", "https://blog.example.org")
    requested = client.post(
        "/reset_password",
        data={"csrf_token": client.token("/reset_password"), "email": "AUTHOR@example.org"},
        headers={"X-Forwarded-Host": "evil.example"},
        base_url="http://localhost",
    )
    assert requested.status_code == 200
    outbox.deliver_due()
    assert mailbox.recipients == ["author@example.org"]
    assert outbox_rows() == []

    path = mailed_path(mailbox, "https://blog.example.org")
    assert client.submit(path, **PAIR).location == "/login"
    assert message_at(client.submit("/login", email="author", password=PASSWORD), "password")
    assert client.submit("/login", email="author", password=NEW).location == "/"
    assert is_expired(browser(app).get(path))

    outbox.deliver_due()
    assert mailbox.messages[-1]["Subject"] == "Your password for Flaskblog was changed"


def test_a_rejected_password_does_not_use_up_the_link(client: Client, author: User) -> None:
    link = f"/reset_password/{author.reset_token()}"
    for pair in (("short", "short"), ("password1", "password1"), (" " * 9, " " * 9), ("", "")):
        assert message_at(
            client.submit(link, password=pair[0], confirm_password=pair[1]), "password"
        )
    assert message_at(client.submit(link, password=NEW, confirm_password="x"), "confirm_password")
    assert client.submit(link, **PAIR).status_code == 302


def test_a_reset_ends_every_session(app: Flask, author: User) -> None:
    laptop, phone, stranger = browser(app), browser(app), browser(app)
    laptop.log_in(author)
    phone.log_in(author, remember="y")
    stranger.log_in(make_user("stranger"))
    laptop.submit(f"/reset_password/{author.reset_token()}", **PAIR)
    assert [one.get("/account").status_code for one in (laptop, phone, stranger)] == [302, 302, 200]
    assert len(db.session.scalars(select(Session)).all()) == 1


def test_using_one_of_two_links_invalidates_both(
    client: Client, mailbox: Mailbox, app: Flask, author: User
) -> None:
    paths = []
    for _ in range(2):
        request_reset(client, author.email)
        outbox.deliver_due()
        paths.append(mailed_path(mailbox, app.config["SITE_URL"]))
    assert [client.get(path).status_code for path in paths] == [200, 200]
    assert client.submit(paths[1], **PAIR).status_code == 302
    assert [is_expired(client.get(path)) for path in paths] == [True, True]


def test_of_two_simultaneous_uses_of_a_link_one_succeeds(
    app: Flask, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both pass the check of the link before either changes the password."""
    link = f"/reset_password/{author.reset_token()}"
    both_checked = Barrier(REQUESTS, timeout=10)
    reset_password = User.reset_password

    def reset_together(user: User, password: str) -> bool:
        both_checked.wait()
        return reset_password(user, password)

    monkeypatch.setattr(User, "reset_password", reset_together)

    def use(number: int) -> tuple[int, str]:
        password = f"{NEW} {number}"
        response = browser(app).submit(link, password=password, confirm_password=password)
        return response.status_code, password

    with ThreadPoolExecutor(REQUESTS) as pool:
        responses = sorted(pool.map(use, range(REQUESTS)))
    assert [status for status, _ in responses] == [302, 410]
    db.session.refresh(author)
    assert author.has_password(responses[0][1])
