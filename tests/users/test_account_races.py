"""Two changes of accounts at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from flaskblog.extensions import db
from flaskblog.models import User
from tests.client import Client, browser, message_at
from tests.factories import make_user
from tests.outbox import left
from tests.users.account import MOVE, stored
from tests.users.pictures import encoded, plain


def at_once(monkeypatch: pytest.MonkeyPatch, *work: Callable[[], Any]) -> list[Any]:
    """The results of changes to accounts that have all passed their checks before any is made."""
    all_checked = Barrier(len(work), timeout=10)
    held = User.held

    def held_together(user: User) -> object:
        all_checked.wait()
        return held(user)

    monkeypatch.setattr(User, "held", held_together)
    with ThreadPoolExecutor(len(work)) as pool:
        return [future.result() for future in [pool.submit(one) for one in work]]


@pytest.mark.parametrize("fields", [{"username": "wanted"}, MOVE], ids=["one name", "one address"])
def test_of_two_who_want_the_same_at_the_same_moment_one_is_told(
    app: Flask, fields: dict[str, Any], monkeypatch: pytest.MonkeyPatch, media_folder: Path
) -> None:
    """Their new pictures go with what is refused."""
    clients = [browser(app), browser(app)]
    for name, client in zip(("one", "other"), clients, strict=True):
        client.log_in(make_user(name))

    def save(client: Client) -> tuple[int, str]:
        picture = (BytesIO(encoded(plain(), "PNG")), "me.png")
        answer = client.submit("/account", **fields | {"picture": picture})
        return answer.status_code, message_at(answer, next(iter(fields)))

    one, other = clients
    answers = sorted(at_once(monkeypatch, lambda: save(one), lambda: save(other)))
    assert [status for status, _ in answers] == [200, 302]
    assert answers[0][1], "the other is told at the field"
    pictures = [user.picture for user in db.session.scalars(select(User)) if user.picture]
    assert [path.name for path in media_folder.iterdir()] == pictures
    assert len(left()) == ("email" in fields)


def test_two_clicks_at_once_are_one_change(
    app: Flask, writer: User, monkeypatch: pytest.MonkeyPatch, media_folder: Path
) -> None:
    client = browser(app)
    client.log_in(writer)
    cookie = client.get_cookie("session")
    assert cookie is not None
    tabs = [browser(app), browser(app)]
    for tab in tabs:
        tab.set_cookie("session", cookie.value)

    def save(tab: Client) -> int:
        picture = (BytesIO(encoded(plain(), "PNG")), "me.png")
        fields = MOVE | {"username": "renamed", "picture": picture}
        return tab.submit("/account", **fields).status_code

    one, other = tabs
    assert at_once(monkeypatch, lambda: save(one), lambda: save(other)) == [302, 302]
    assert stored(writer)[::2] == ("renamed", "new@example.org")
    assert [path.name for path in media_folder.iterdir()] == [writer.picture]
    assert len(left()) == 1
    assert client.get("/user/writer").location == "/user/renamed"
