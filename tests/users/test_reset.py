"""A forgotten password, reset by a mailed link."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from flaskblog import outbox
from flaskblog.extensions import db
from flaskblog.models import Session, User
from tests.client import Client, browser, message_at
from tests.factories import PASSWORD, make_user
from tests.outbox import left
from tests.smtp import Mailbox
from tests.users.links import NEW, PAIR, is_dead

BOTH_ASK = 2


def ask(client: Client, address: str) -> TestResponse:
    return client.submit("/reset_password", email=address)


def mailed_path(mailbox: Mailbox, site_url: str) -> str:
    """Where the link of the latest mail leads, whose text and HTML name the same."""
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


@pytest.mark.usefixtures("writer")
def test_the_whole_way_from_the_question_to_the_new_password(
    app: Flask, client: Client, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "SITE_URL", "https://blog.example.org")
    asked = client.post(
        "/reset_password",
        data={"csrf_token": client.token("/reset_password"), "email": "WRITER@example.org"},
        headers={"X-Forwarded-Host": "evil.example"},
        base_url="http://localhost",
    )
    assert asked.status_code == 200
    outbox.deliver_due()
    assert mailbox.recipients == ["writer@example.org"]
    assert left() == []

    path = mailed_path(mailbox, "https://blog.example.org")
    assert client.submit(path, **PAIR).location == "/login"
    assert message_at(client.submit("/login", email="writer", password=PASSWORD), "password")
    assert client.submit("/login", email="writer", password=NEW).location == "/"
    assert is_dead(browser(app).get(path))

    outbox.deliver_due()
    assert mailbox.messages[-1]["Subject"] == "Your password at Flaskblog was changed"


def test_the_new_password_follows_the_rules_and_a_refused_one_leaves_the_link_alive(
    client: Client, writer: User
) -> None:
    link = f"/reset_password/{writer.reset_token()}"
    for pair in (("short", "short"), ("password1", "password1"), (" " * 9, " " * 9), ("", "")):
        assert message_at(
            client.submit(link, password=pair[0], confirm_password=pair[1]), "password"
        )
    assert message_at(client.submit(link, password=NEW, confirm_password="x"), "confirm_password")
    assert client.submit(link, **PAIR).status_code == 302


def test_a_reset_ends_every_session(app: Flask, writer: User) -> None:
    laptop, phone, stranger = browser(app), browser(app), browser(app)
    laptop.log_in(writer)
    phone.log_in(writer, remember="y")
    stranger.log_in(make_user("stranger"))
    laptop.submit(f"/reset_password/{writer.reset_token()}", **PAIR)
    assert [one.get("/account").status_code for one in (laptop, phone, stranger)] == [302, 302, 200]
    assert len(db.session.scalars(select(Session)).all()) == 1


def test_of_two_links_both_work_until_one_is_used_then_neither(
    client: Client, mailbox: Mailbox, app: Flask, writer: User
) -> None:
    paths = []
    for _ in range(2):
        ask(client, writer.email)
        outbox.deliver_due()
        paths.append(mailed_path(mailbox, app.config["SITE_URL"]))
    assert [client.get(path).status_code for path in paths] == [200, 200]
    assert client.submit(paths[1], **PAIR).status_code == 302
    assert [is_dead(client.get(path)) for path in paths] == [True, True]


def test_of_two_uses_at_the_same_moment_one_wins(
    app: Flask, writer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have been found good before either changes the password."""
    link = f"/reset_password/{writer.reset_token()}"
    both_checked = Barrier(BOTH_ASK, timeout=10)
    password_reset = User.password_reset

    def reset_together(user: User, password: str) -> object:
        statement = password_reset(user, password)
        both_checked.wait()
        return statement

    monkeypatch.setattr(User, "password_reset", reset_together)

    def use(number: int) -> tuple[int, str]:
        password = f"{NEW} {number}"
        answer = browser(app).submit(link, password=password, confirm_password=password)
        return answer.status_code, password

    with ThreadPoolExecutor(BOTH_ASK) as pool:
        answers = sorted(pool.map(use, range(BOTH_ASK)))
    assert [status for status, _ in answers] == [302, 410]
    db.session.refresh(writer)
    assert writer.has_password(answers[0][1])
