"""Programs that speak for somebody, one that speaks for nobody, and a site that really runs."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from flask import Flask

from flaskblog.models import User
from tests.api.program import Program
from tests.factories import make_user
from tests.live import PROJECT, environment, free_port, started


@pytest.fixture
def admin() -> User:
    """The first account, made before any other."""
    return make_user("keeper")


@pytest.fixture
def stranger(admin: User) -> User:
    assert admin.is_admin
    return make_user("stranger")


@pytest.fixture
def author(admin: User) -> User:
    assert admin.is_admin
    return make_user("author")


@pytest.fixture
def nobody(app: Flask) -> Program:
    return Program(app)


@pytest.fixture
def program(app: Flask, author: User) -> Program:
    """It speaks for the author."""
    return Program(app, author)


@pytest.fixture
def strange_program(app: Flask, stranger: User) -> Program:
    return Program(app, stranger)


@pytest.fixture
def admins_program(app: Flask, admin: User) -> Program:
    return Program(app, admin)


@pytest.fixture(scope="session")
def live_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running site without limits, on which people have written."""
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
