"""The account page as a member fills it in."""

from typing import Any

from flaskblog.extensions import db
from flaskblog.models import User
from tests.support.client import Client
from tests.support.factories import PASSWORD

MOVE: dict[str, Any] = {"email": "new@example.org", "current_password": PASSWORD}


def stored(user: User) -> tuple[str, str, str, str]:
    db.session.refresh(user)
    return user.username, user.username_key, user.email, user.email_key


def submit_account(client: Client, **fields: Any) -> None:
    answer = client.submit("/account", **fields)
    assert (answer.status_code, answer.location) == (302, "/account")
