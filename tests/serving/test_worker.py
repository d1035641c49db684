"""The worker process and its jobs."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from huey.consumer import Consumer
from sqlalchemy import select, update

from flaskblog.database.base import Base, now
from flaskblog.extensions import db, queue, rate_limits
from flaskblog.extensions.rate_limits import DatabaseStorage
from flaskblog.mail import outbox
from flaskblog.models import Draft, Mail, Post, Session
from flaskblog.models.post import RESTORABLE
from flaskblog.serving import worker
from tests.conftest import make_app
from tests.support.factories import make_post, make_user
from tests.support.jobs import run_job
from tests.support.outbox import add_mail, outbox_rows
from tests.support.processes import free_port
from tests.support.smtp_server import LOOPBACK, Mailbox, serving

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
    """Starts `flask --app run worker`; kills what still runs at the end."""
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
    add_mail()
    outbox.wake()


def wait_until(condition: Callable[[], bool], seconds: float = 5) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.server
def test_a_mail_is_sent_again_after_its_worker_was_killed(
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
    assert len(outbox_rows()) == 1

    db.session.execute(update(Mail).values(due_at=now()))
    db.session.commit()
    mailbox = Mailbox()
    with serving(mailbox, port):
        start_worker()
        mailbox.wait_for(1)
        wait_until(lambda: outbox_rows() == [])
    assert mailbox.recipients == ["reader@example.org"]


@pytest.mark.server
def test_a_stopped_worker_finishes_its_current_mail_and_exits_at_once_when_idle(
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
        assert len(outbox_rows()) == 1

        process = start_worker()
        wait_until(lambda: outbox_rows() == [], seconds=10)
        process.terminate()
        assert process.wait(3) == 0


@pytest.mark.server
def test_a_mail_is_sent_within_seconds_of_its_commit(start_worker: StartWorker, port: int) -> None:
    mailbox = Mailbox()
    with serving(mailbox, port):
        start_worker()
        write_and_wake()
        mailbox.wait_for(1)
        committed_at = time.monotonic()
        write_and_wake()
        mailbox.wait_for(2)
    assert time.monotonic() - committed_at < 3


def test_a_new_worker_delivers_again_when_the_leases_of_a_killed_one_expire(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queue, "stopping", queue.stopping)
    monkeypatch.setattr(Consumer, "run", lambda _self: None)
    queue.storage.flush_all()
    worker.run()
    [task] = queue.pending()
    queue.storage.flush_all()
    assert 28 < (task.eta.replace(tzinfo=UTC) - now()).total_seconds() <= 30


def expire_session() -> None:
    user = make_user("reader")
    row, _token = Session.begin(user, lifetime=timedelta(days=-1), address="", browser="")
    db.session.add(row)


def expire_post() -> None:
    post = make_post(make_user("author"))
    post.delete()
    post.deleted_at = now() - RESTORABLE - timedelta(minutes=1)


def expire_draft() -> None:
    draft = Draft(author_id=make_user("author").id, key="k" * 16, title="", content="")
    draft.deleted_at = now() - RESTORABLE - timedelta(minutes=1)
    db.session.add(draft)


def expire_failed_mail() -> None:
    mail = Mail.to("reader@example.org", "reset_password")
    mail.failed_at = now() - timedelta(days=31)
    db.session.add(mail)


@pytest.mark.parametrize(
    ("job", "model", "add_expired_row"),
    [
        (worker.delete_expired_sessions, Session, expire_session),
        (worker.delete_expired_posts, Post, expire_post),
        (worker.delete_expired_drafts, Draft, expire_draft),
        (worker.delete_failed_mails, Mail, expire_failed_mail),
    ],
    ids=["sessions", "posts", "drafts", "failed mails"],
)
def test_a_job_commits_what_it_deletes(
    app: Flask, job: Any, model: type[Base], add_expired_row: Callable[[], None]
) -> None:
    add_expired_row()
    db.session.commit()
    run_job(app, job)
    assert db.session.scalars(select(model)).all() == []


def test_expired_rate_limits_are_deleted(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    DatabaseStorage().incr("key", 60)
    monkeypatch.setattr(rate_limits, "time", lambda: time.time() + 61)
    run_job(app, worker.delete_expired_rate_limits)
    assert db.session.execute(select(rate_limits.rate_limit)).all() == []


def test_sessions_and_failed_mails_are_kept_until_they_expire(app: Flask) -> None:
    user = make_user("reader")
    for days in (-1, 1):
        row, _token = Session.begin(user, lifetime=timedelta(days=days), address="", browser="")
        db.session.add(row)
    for days in (29, 31):
        failed = Mail.to("reader@example.org", "reset_password")
        failed.failed_at = now() - timedelta(days=days)
        db.session.add(failed)
    db.session.commit()
    run_job(app, worker.delete_expired_sessions)
    run_job(app, worker.delete_failed_mails)
    assert len(db.session.scalars(select(Session)).all()) == 1
    assert len(db.session.scalars(select(Mail)).all()) == 1
