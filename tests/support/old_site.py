"""The rows of a site of the first revision, and the whole state of a database."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from flask import Flask
from sqlalchemy import Connection, select

from flaskblog.database import schema
from flaskblog.extensions import db
from tests.conftest import make_app
from tests.support.filled_site import SURPRISING

FIRST = "0001"
WRITTEN_AT = datetime(2025, 1, 2, 3, 4, 5, 678901, UTC)


@contextmanager
def first_revision_site(url: str, **settings: str) -> Iterator[Flask]:
    """A filled database of the first revision, with an application context of its site."""
    site = make_app(url, **settings)
    with site.app_context():
        schema.migrate(db.engine, FIRST)
        with db.engine.begin() as connection:
            fill(connection)
        yield site
        db.session.remove()


def state(site: Flask) -> object:
    with site.app_context(), db.engine.connect() as connection:
        rows = {
            name: [*map(tuple, connection.execute(select(table)))]
            for name, table in schema.tables(connection).items()
        }
        return schema.current_revision(connection), schema.fingerprint(connection), rows


def fill(connection: Connection) -> None:
    tables = schema.tables(connection)
    for name in ("ada", "bob"):
        values = {
            "username": name,
            "username_key": name,
            "email": f"{name}@example.org",
            "email_key": f"{name}@example.org",
            "password_hash": "x",
            "created_at": WRITTEN_AT,
        }
        connection.execute(tables["user"].insert(), values)
    post = {"author_id": 1, "content": SURPRISING, "created_at": WRITTEN_AT}
    for number in range(5):
        connection.execute(tables["post"].insert(), post | {"title": f"Post {number}"})
