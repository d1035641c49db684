"""Accounts on a running site with several workers, killed and restarted."""

import re
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from flaskblog.database.base import now
from flaskblog.extensions import db
from flaskblog.extensions.rate_limits import rate_limit
from flaskblog.models import Mail, User
from tests.support.factories import PASSWORD
from tests.support.http_client import HttpClient
from tests.support.outbox import outbox_rows
from tests.support.processes import TIMEOUT, free_port, started
from tests.support.smtp_server import LOOPBACK, Mailbox, serving

pytestmark = pytest.mark.server

WEB = [sys.executable, "run.py"]
WEB_AND_WORKER = [sys.executable, "-m", "flask", "--app", "run", "start"]
ATTEMPTS = 30


@pytest.fixture
def settings(app: Flask, database_url: str) -> dict[str, str]:
    """Settings of a site in separate processes, on the database of the tests."""
    return {
        "FLASKBLOG_ENV": "test",
        "SECRET_KEY": app.config["SECRET_KEY"],
        "DATABASE_URL": database_url,
        "PORT": str(free_port()),
        "WORKERS": "2",
        "TRUSTED_PROXIES": "1",
    }


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.1)


@pytest.mark.usefixtures("author")
def test_failed_log_ins_are_counted_across_workers_and_restarts(
    settings: dict[str, str], tmp_path: Path
) -> None:
    with started(WEB, tmp_path / "first.txt", settings) as live:
        site = live.address()
        clients = [HttpClient(site, "192.0.2.200") for _ in range(ATTEMPTS)]
        with ThreadPoolExecutor(ATTEMPTS) as pool:
            attempts = list(
                pool.map(lambda client: client.log_in("author", "a wrong one"), clients)
            )
    assert sorted(status for status, _ in attempts) == [200] * 5 + [429] * (ATTEMPTS - 5)

    with started(WEB, tmp_path / "second.txt", settings) as live:
        stranger = HttpClient(live.address(), "192.0.2.200")
        assert stranger.log_in("author", PASSWORD)[0] == 429
        db.session.execute(update(rate_limit).values(expires_at=rate_limit.c.expires_at - 60))
        db.session.commit()
        assert stranger.log_in("author", PASSWORD) == (302, "/")


def request_reset(site: str, user: User) -> None:
    """The response does not wait for the mail server, which is down."""
    client = HttpClient(site)
    token = client.token("/reset_password")
    start = time.monotonic()
    assert client.post("/reset_password", csrf_token=token, email=user.email)[0] == 200
    assert time.monotonic() - start < 1


def is_attempted() -> bool:
    return [mail.attempts > 0 for mail in outbox_rows()] == [True]


def test_a_reset_mail_survives_an_unavailable_mail_server_and_killed_processes(
    settings: dict[str, str], author: User, tmp_path: Path
) -> None:
    port = free_port()
    settings |= {"MAIL_SERVER": LOOPBACK, "MAIL_PORT": str(port)}
    mailbox = Mailbox()
    with started(WEB_AND_WORKER, tmp_path / "first.txt", settings) as live:
        request_reset(live.address(), author)
        wait_until(is_attempted)
        with serving(mailbox, port):
            wait_until(lambda: outbox_rows() == [])  # by the first retry
        assert mailbox.recipients == [author.email]
        request_reset(live.address(), author)
        wait_until(is_attempted)
        live.kill()

    db.session.execute(update(Mail).values(due_at=now()))
    db.session.commit()
    mailbox = Mailbox()
    with serving(mailbox, port), started(WEB_AND_WORKER, tmp_path / "second.txt", settings) as live:
        wait_until(lambda: outbox_rows() == [])
        site = live.address()
        assert mailbox.recipients == [author.email]
        body = mailbox.messages[0].get_body(("plain",))
        assert body is not None
        [link] = re.findall(r"\S+/reset_password/\S+", body.get_content())
        assert link.startswith(site)
        path = link.removeprefix(site)
        client = HttpClient(site)
        new = {"password": "x" * 9, "confirm_password": "x" * 9}
        used = client.post(path, csrf_token=client.token(path), **new)
        assert used == (302, "/login")
