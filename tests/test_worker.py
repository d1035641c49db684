"""A worker process as people run it: killed, stopped, and sharing its threads."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from huey.consumer import Consumer
from sqlalchemy import select, update

from flaskblog import outbox, worker
from flaskblog.database import now
from flaskblog.extensions import db, queue
from flaskblog.models import Mail, Session
from tests.conftest import make_app
from tests.factories import make_user
from tests.outbox import left, write
from tests.smtp import LOOPBACK, Mailbox, free_port, serving

StartWorker = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def own_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """An application with a SQLite file that no other test touches."""
    monkeypatch.setattr(queue, "storage", queue.storage)
    monkeypatch.setattr(queue, "app", queue.app)
    own_app = make_app(f"sqlite:///{tmp_path / 'own.db'}")
    with own_app.app_context():
        upgrade()
        yield own_app
        db.session.remove()
        db.engine.dispose()
    queue.storage.close()


@pytest.fixture
def start_worker(own_app: Flask, port: int, project: Path) -> Iterator[StartWorker]:
    """Starts `flask --app run worker`; what still runs at the end is killed."""
    started: list[subprocess.Popen[bytes]] = []
    environment = os.environ | {
        "FLASKBLOG_ENV": "test",
        "DATABASE_URL": own_app.config["SQLALCHEMY_DATABASE_URI"],
        "MAIL_SERVER": LOOPBACK,
        "MAIL_PORT": str(port),
    }

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "flask", "--app", "run", "worker"]
        started.append(subprocess.Popen(command, cwd=project, env=environment))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def write_and_wake() -> None:
    write()
    outbox.wake()


def wait_until(condition: Callable[[], bool], seconds: float = 5) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_mail_outlives_a_worker_that_is_killed_while_sending_it(
    start_worker: StartWorker, port: int
) -> None:
    mailbox = Mailbox()
    mailbox.hold.clear()
    write_and_wake()
    with serving(mailbox, port):
        killed = start_worker()
        assert mailbox.reached.wait(10)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        mailbox.answer = "451 4.3.0 You are gone"
        mailbox.hold.set()
    assert mailbox.messages == []
    assert len(left()) == 1

    db.session.execute(update(Mail).values(due_at=now()))
    db.session.commit()
    mailbox = Mailbox()
    with serving(mailbox, port):
        start_worker()
        mailbox.wait_for(1)
        wait_until(lambda: left() == [])
    assert mailbox.recipients == ["reader@example.org"]


def test_a_worker_told_to_stop_finishes_the_mail_in_its_hands_and_is_gone_at_once_when_idle(
    start_worker: StartWorker, port: int
) -> None:
    mailbox = Mailbox()
    mailbox.hold.clear()
    with serving(mailbox, port):
        process = start_worker()
        write_and_wake()
        assert mailbox.reached.wait(10)
        process.terminate()
        time.sleep(0.3)
        assert process.poll() is None
        write_and_wake()
        mailbox.hold.set()
        assert process.wait(3) == 0
        assert len(mailbox.messages) == 1
        assert len(left()) == 1

        process = start_worker()
        wait_until(lambda: left() == [], seconds=10)
        process.terminate()
        assert process.wait(3) == 0


def test_a_mail_is_on_its_way_within_seconds_of_its_commit(
    start_worker: StartWorker, port: int
) -> None:
    mailbox = Mailbox()
    with serving(mailbox, port):
        start_worker()
        write_and_wake()
        mailbox.wait_for(1)
        committed_at = time.monotonic()
        write_and_wake()
        mailbox.wait_for(2)
    assert time.monotonic() - committed_at < 3


def test_a_worker_that_starts_looks_again_when_the_lease_of_a_killed_one_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queue, "stopping", queue.stopping)
    monkeypatch.setattr(Consumer, "run", lambda _self: None)
    queue.storage.flush_all()
    worker.run()
    [task] = queue.pending()
    queue.storage.flush_all()
    assert 28 < (task.eta.replace(tzinfo=UTC) - now()).total_seconds() <= 30


def test_expired_sessions_and_mails_that_failed_long_ago_are_forgotten() -> None:
    user = make_user("reader")
    for days in (-1, 1):
        row, _token = Session.begin(user, lifetime=timedelta(days=days), address="", browser="")
        db.session.add(row)
    for days in (29, 31):
        failed = Mail.to("reader@example.org", "reset_password")
        failed.failed_at = now() - timedelta(days=days)
        db.session.add(failed)
    db.session.commit()
    worker.forget_expired_sessions.call_local()
    worker.forget_failed_mails.call_local()
    assert len(db.session.scalars(select(Session)).all()) == 1
    assert len(db.session.scalars(select(Mail)).all()) == 1
