"""One migrated database for the whole run, emptied after each test."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from environs import Env
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import make_url

from config import TestConfig
from flaskblog import create_app
from flaskblog.database import Base
from flaskblog.extensions import db, limiter, queue
from flaskblog.media import Folder
from flaskblog.models import User
from tests import databases
from tests.client import Client, browser
from tests.factories import make_user

pytest_plugins = ["tests.smtp"]

# What modules import that wait for a server or another command.
WAITING = {"started", "subprocess"}

_made: list[Flask] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Another try for a test of other processes, which a busy machine may hold up or kill.

    The summary names those that needed one. A test within one process gets none: where that fails
    now and then, there is a race in the site.
    """
    for item in items:
        names = vars(item.module).keys() if isinstance(item, pytest.Function) else set()
        if WAITING & names or item.path.parent.name == "browser":
            item.add_marker(pytest.mark.flaky(reruns=2))


@pytest.fixture(scope="session")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database of this run's own: a SQLite file, or one made on the server of `DATABASE_URL`."""
    given = os.environ.get("DATABASE_URL", "")
    if not given.startswith("postgres"):
        yield f"sqlite:///{tmp_path_factory.mktemp('database') / 'flaskblog.db'}"
        return
    server = make_url(given).set(drivername="postgresql+psycopg")
    name = f"flaskblog_test_{secrets.token_hex(4)}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield server.set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


def make_app(database_url: str, **settings: str) -> Flask:
    """An application as `FLASKBLOG_ENV=test` makes it, with other settings."""
    with pytest.MonkeyPatch.context() as environment:
        # Eight, since some tests send as many requests at once.
        for name, value in {"DATABASE_URL": database_url, "THREADS": "8", **settings}.items():
            environment.setenv(name, value)
        app = create_app(TestConfig(Env()))
    app.test_client_class = Client
    _made.append(app)
    return app


@pytest.fixture(scope="session")
def app(database_url: str) -> Iterator[Flask]:
    app = make_app(database_url)
    with app.app_context():
        upgrade()
    _made.remove(app)
    yield app
    _close(app)
    queue.storage.close()


@pytest.fixture(autouse=True)
def _context(app: Flask) -> Iterator[None]:
    """A context for what the test itself looks up; requests never share it."""
    bound, storage = queue.app, queue.storage
    limiter.enabled = False  # for the tests that are not about limits
    with app.app_context():
        yield
        db.session.rollback()
        for table in reversed(Base.metadata.sorted_tables):
            db.session.execute(table.delete())
        db.session.commit()
    if queue.storage is not storage:
        queue.storage.close()
        queue.app, queue.storage = bound, storage
    while _made:
        _close(_made.pop())


@pytest.fixture
def limited() -> None:
    """Limits as people meet them."""
    limiter.enabled = True


@pytest.fixture
def media_folder(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty place for pictures, which the first one makes a folder of."""
    folder = tmp_path / "media"
    monkeypatch.setitem(app.extensions, "media", Folder(folder))
    return folder


@pytest.fixture
def client(app: Flask) -> Client:
    return browser(app)


@pytest.fixture
def writer() -> User:
    return make_user("writer")


@pytest.fixture
def writer_client(app: Flask, writer: User) -> Client:
    """Somebody who is logged in as the writer."""
    client = browser(app)
    client.log_in(writer)
    return client


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Every statement that any engine sends."""
    sent: list[str] = []

    def note(*call: object) -> None:
        sent.append(str(call[2]))

    event.listen(db.engine, "before_cursor_execute", note)
    yield sent
    event.remove(db.engine, "before_cursor_execute", note)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database that holds nothing, on each engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        with databases.postgresql() as url:
            yield url


@pytest.fixture(scope="session")
def project() -> Path:
    return Path(__file__).resolve().parent.parent


def _close(app: Flask) -> None:
    with app.app_context():
        db.engine.dispose()
