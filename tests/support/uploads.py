"""Pictures sent through the account page."""

from io import BytesIO
from typing import Any

from werkzeug.test import TestResponse

from flaskblog.extensions import db
from flaskblog.models import User
from tests.support.client import Client
from tests.support.pictures import encoded, plain

JPEG, PNG = encoded(plain(), "JPEG"), encoded(plain(), "PNG")


def upload(client: Client, data: bytes, name: str = "me.jpg", **fields: Any) -> TestResponse:
    return client.submit("/account", picture=(BytesIO(data), name), **fields)


def stored_picture(user: User) -> str | None:
    db.session.refresh(user)
    return user.picture
