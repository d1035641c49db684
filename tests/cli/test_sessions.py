"""The commands `sessions …`."""

import pytest
from flask import Flask
from sqlalchemy import select

from flaskblog.extensions import db
from flaskblog.models import Session, User
from tests.support.client import browser
from tests.support.commands import run_command
from tests.support.factories import make_user


@pytest.fixture
def stranger() -> User:
    return make_user("stranger")


def owners() -> set[int]:
    return {*db.session.scalars(select(Session.user_id))}


def test_the_sessions_of_one_member_end(app: Flask, author: User, stranger: User) -> None:
    devices = [browser(app) for _ in range(3)]
    for device, member in zip(devices, (author, author, stranger), strict=True):
        device.start_session(member)
    result = run_command(app, "sessions", "end", "AUTHOR")
    assert (result.exit_code, result.output) == (0, "Ended 2 sessions.\n")
    assert owners() == {stranger.id}
    assert [device.get("/account").status_code for device in devices] == [302, 302, 200]


def test_all_sessions_end(app: Flask, author: User, stranger: User) -> None:
    for member in (author, stranger):
        browser(app).start_session(member)
    assert run_command(app, "sessions", "end", "--all").output == "Ended 2 sessions.\n"
    assert owners() == set()


@pytest.mark.parametrize("arguments", [[], ["author", "--all"], ["nobody"]])
def test_a_command_without_one_target_ends_no_session(
    app: Flask, author: User, arguments: list[str]
) -> None:
    browser(app).start_session(author)
    assert run_command(app, "sessions", "end", *arguments).exit_code != 0
    assert owners() == {author.id}
