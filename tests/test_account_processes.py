"""Accounts on the site as people run it: several workers, killed and started again."""

import re
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from flaskblog.database import now
from flaskblog.extensions import db
from flaskblog.models import Mail, User
from flaskblog.rate_limits import rate_limit
from tests.factories import PASSWORD
from tests.live import PATIENCE, free_port, started
from tests.outbox import left
from tests.smtp import LOOPBACK, Mailbox, serving
from tests.visitor import Visitor

WEB = [sys.executable, "run.py"]
WEB_AND_WORKER = [sys.executable, "-m", "flask", "--app", "run", "start"]
TRIES = 30


@pytest.fixture
def settings(app: Flask, database_url: str) -> dict[str, str]:
    """For a site in processes of its own, on the database of the tests."""
    return {
        "FLASKBLOG_ENV": "test",
        "SECRET_KEY": app.config["SECRET_KEY"],
        "DATABASE_URL": database_url,
        "PORT": str(free_port()),
        "WORKERS": "2",
        "TRUSTED_PROXIES": "1",
    }


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.1)


@pytest.mark.usefixtures("writer")
def test_wrong_log_ins_are_counted_for_all_workers_together_and_over_a_restart(
    settings: dict[str, str], tmp_path: Path
) -> None:
    with started(WEB, tmp_path / "first.txt", settings) as live:
        site = live.address()
        visitors = [Visitor(site, f"192.0.2.{host}") for host in range(TRIES)]
        with ThreadPoolExecutor(TRIES) as pool:
            tries = list(
                pool.map(lambda visitor: visitor.log_in("writer", "a wrong one"), visitors)
            )
    assert sorted(status for status, _ in tries) == [200] * 5 + [429] * (TRIES - 5)

    with started(WEB, tmp_path / "second.txt", settings) as live:
        stranger = Visitor(live.address(), "192.0.2.200")
        assert stranger.log_in("writer", PASSWORD)[0] == 429
        db.session.execute(update(rate_limit).values(expires_at=rate_limit.c.expires_at - 60))
        db.session.commit()
        assert stranger.log_in("writer", PASSWORD) == (302, "/")


def ask_for_reset(site: str, user: User) -> None:
    """Without waiting for a mail server, which is down."""
    visitor = Visitor(site)
    token = visitor.token("/reset_password")
    begun = time.monotonic()
    assert visitor.post("/reset_password", csrf_token=token, email=user.email)[0] == 200
    assert time.monotonic() - begun < 1


def was_tried() -> bool:
    return [mail.attempts > 0 for mail in left()] == [True]


def test_a_reset_waits_for_no_mail_server_and_its_mail_outlives_killed_processes(
    settings: dict[str, str], writer: User, tmp_path: Path
) -> None:
    port = free_port()
    settings |= {"MAIL_SERVER": LOOPBACK, "MAIL_PORT": str(port)}
    mailbox = Mailbox()
    with started(WEB_AND_WORKER, tmp_path / "first.txt", settings) as live:
        ask_for_reset(live.address(), writer)
        wait_until(was_tried)
        with serving(mailbox, port):
            wait_until(lambda: left() == [])  # by itself, at the second try
        assert mailbox.recipients == [writer.email]
        ask_for_reset(live.address(), writer)
        wait_until(was_tried)
        live.kill()

    db.session.execute(update(Mail).values(due_at=now()))
    db.session.commit()
    mailbox = Mailbox()
    with serving(mailbox, port), started(WEB_AND_WORKER, tmp_path / "second.txt", settings) as live:
        wait_until(lambda: left() == [])
        site = live.address()
        assert mailbox.recipients == [writer.email]
        body = mailbox.messages[0].get_body(("plain",))
        assert body is not None
        [link] = re.findall(r"\S+/reset_password/\S+", body.get_content())
        assert link.startswith(site)
        path = link.removeprefix(site)
        visitor = Visitor(site)
        new = {"password": "x" * 9, "confirm_password": "x" * 9}
        used = visitor.post(path, csrf_token=visitor.token(path), **new)
        assert used == (302, "/login")
