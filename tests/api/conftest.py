"""API clients with and without a token, and a running site."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from flask import Flask

from flaskblog.models import User
from tests.support.api_client import ApiClient
from tests.support.factories import make_user
from tests.support.processes import PROJECT, environment, free_port, started


@pytest.fixture
def stranger(admin: User) -> User:
    assert admin.is_admin
    return make_user("stranger")


@pytest.fixture
def author(admin: User) -> User:
    assert admin.is_admin
    return make_user("author")


@pytest.fixture
def anonymous_api(app: Flask) -> ApiClient:
    return ApiClient(app)


@pytest.fixture
def author_api(app: Flask, author: User) -> ApiClient:
    return ApiClient(app, author)


@pytest.fixture
def stranger_api(app: Flask, stranger: User) -> ApiClient:
    return ApiClient(app, stranger)


@pytest.fixture
def admin_api(app: Flask, admin: User) -> ApiClient:
    return ApiClient(app, admin)


@pytest.fixture(scope="session")
def live_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running site with posts and without rate limits."""
    folder = tmp_path_factory.mktemp("live_api")
    port = free_port()
    settings = {
        "FLASKBLOG_ENV": "test",
        "DATABASE_URL": f"sqlite:///{folder / 'flaskblog.db'}",
        "PORT": str(port),
        "RATELIMIT_ENABLED": "false",
        "WORKERS": "1",
    }
    for command in (["db", "upgrade"], ["demo", "--people", "5", "--posts", "30"]):
        run = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "run", *command],
            cwd=PROJECT,
            env=environment() | settings,
            capture_output=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr.decode()
    with started([sys.executable, "run.py"], folder / "output.txt", settings) as live:
        yield live.address()
