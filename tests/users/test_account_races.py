"""Simultaneous changes of accounts."""

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
from tests.support.account import MOVE, stored
from tests.support.client import Client, browser, message_at
from tests.support.factories import make_user
from tests.support.outbox import outbox_rows
from tests.support.pictures import encoded, plain


def simultaneously(monkeypatch: pytest.MonkeyPatch, *changes: Callable[[], Any]) -> list[Any]:
    """Run changes of accounts that all pass their checks before the first one is stored."""
    all_checked = Barrier(len(changes), timeout=10)
    lock = User.lock

    def lock_together(user: User) -> None:
        all_checked.wait()
        lock(user)

    monkeypatch.setattr(User, "lock", lock_together)
    with ThreadPoolExecutor(len(changes)) as pool:
        return [future.result() for future in [pool.submit(one) for one in changes]]


@pytest.mark.parametrize("fields", [{"username": "wanted"}, MOVE], ids=["one name", "one address"])
def test_of_two_simultaneous_claims_of_a_value_one_is_rejected(
    app: Flask, fields: dict[str, Any], monkeypatch: pytest.MonkeyPatch, media_folder: Path
) -> None:
    """The picture of the rejected change is deleted."""
    clients = [browser(app), browser(app)]
    for name, client in zip(("one", "other"), clients, strict=True):
        client.log_in(make_user(name))

    def save(client: Client) -> tuple[int, str]:
        picture = (BytesIO(encoded(plain(), "PNG")), "me.png")
        response = client.submit("/account", **fields | {"picture": picture})
        return response.status_code, message_at(response, next(iter(fields)))

    one, other = clients
    responses = sorted(simultaneously(monkeypatch, lambda: save(one), lambda: save(other)))
    assert [status for status, _ in responses] == [200, 302]
    assert responses[0][1], "the error is shown at the field"
    pictures = [user.picture for user in db.session.scalars(select(User)) if user.picture]
    assert [path.name for path in media_folder.iterdir()] == pictures
    assert len(outbox_rows()) == ("email" in fields)


def test_two_simultaneous_submissions_change_the_account_once(
    app: Flask, author: User, monkeypatch: pytest.MonkeyPatch, media_folder: Path
) -> None:
    client = browser(app)
    client.log_in(author)
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
    assert simultaneously(monkeypatch, lambda: save(one), lambda: save(other)) == [302, 302]
    assert stored(author)[::2] == ("renamed", "new@example.org")
    assert [path.name for path in media_folder.iterdir()] == [author.picture]
    assert len(outbox_rows()) == 1
    assert client.get("/user/author").location == "/user/renamed"
