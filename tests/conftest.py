"""One migrated database for the whole run, emptied after each test."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from environs import Env
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import create_engine, event, select, text
from sqlalchemy.engine import make_url

from config import Config, TestConfig
from flaskblog import create_app
from flaskblog.database.base import Base
from flaskblog.extensions import db, limiter, queue
from flaskblog.media.folder import Folder
from flaskblog.models import User
from tests.support import databases
from tests.support.client import Client, browser
from tests.support.factories import make_user

pytest_plugins = ["tests.support.smtp_server"]

# Fixtures of servers that many tests share, and the group of tests that one worker runs for each.
SHARED_SERVERS = {
    "bucket": "bucket",
    "front": "proxy",
    "installed": "installed",
    "live_api": "live_api",
    "live_site": "live_site",
    "shown_address": "shown_site",
    "states": "shown_site",
}

MEMORY = Path("/dev/shm")

_TABLES = [*reversed(Base.metadata.sorted_tables)]
_FILLED = select(*(select(table).exists() for table in _TABLES))
_made: list[Flask] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by folder and fixture; tests of other processes are repeated when they fail.

    A busy machine may delay or kill processes; the summary lists the tests that were repeated.
    A test within one process is not: if that fails now and then, the site has a race condition.
    """
    for item in items:
        assert isinstance(item, pytest.Function)
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        used = {*item.fixturenames, parameters.get("empty_url")}
        groups = [group for name, group in SHARED_SERVERS.items() if name in used]
        if item.path.parent.name == "browser":
            item.add_marker("browser")
        elif groups or "postgresql" in used:
            item.add_marker("server")
        if groups:
            item.add_marker(pytest.mark.xdist_group(groups[-1]))
        if item.get_closest_marker("browser") or item.get_closest_marker("server"):
            item.add_marker(pytest.mark.flaky(reruns=2))


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """The database of this worker: a SQLite file, or a new one on the server of `DATABASE_URL`."""
    given = os.environ.get("DATABASE_URL", "")
    if not given.startswith("postgres"):
        # In memory where the system has such a folder: each commit waits for the disk.
        with TemporaryDirectory(dir=MEMORY if MEMORY.exists() else None) as folder:
            yield f"sqlite:///{folder}/flaskblog.db"
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
        return create_test_app(TestConfig(Env()))


def create_test_app(config: Config) -> Flask:
    """An application with these settings, whose connections are closed after the test."""
    app = create_app(config)
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


@pytest.fixture
def lock_mode() -> int:
    """Whether a test shares the PostgreSQL server with the tests of other workers."""
    return fcntl.LOCK_SH


@pytest.fixture
def _server_lock(
    database_url: str, lock_mode: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    if not database_url.startswith("postgresql"):
        yield
        return
    with (tmp_path_factory.getbasetemp().parent / "postgresql.lock").open("w") as file:
        fcntl.flock(file, lock_mode)
        yield


@pytest.fixture(autouse=True)
def _context(_server_lock: None, app: Flask) -> Iterator[None]:
    """A context for what the test itself looks up; requests never share it."""
    bound, storage = queue.app, queue.storage
    limiter.enabled = False  # for the tests that are not about limits
    with app.app_context():
        yield
        db.session.rollback()
        _empty_tables()
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
def admin() -> User:
    """The first account, if it is created before all others; then these can leave."""
    return make_user("keeper")


@pytest.fixture
def author() -> User:
    return make_user("author")


@pytest.fixture
def author_client(app: Flask, author: User) -> Client:
    """Somebody who is logged in as the author."""
    client = browser(app)
    client.start_session(author)
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


def _empty_tables() -> None:
    """Delete all rows: most tests write into few tables, and many into none."""
    filled = db.session.execute(_FILLED).one()
    for table, has_rows in zip(_TABLES, filled, strict=True):
        if has_rows:
            db.session.execute(table.delete())
    db.session.commit()


def _close(app: Flask) -> None:
    with app.app_context():
        db.engine.dispose()
