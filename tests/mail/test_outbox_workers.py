"""Delivery by several workers, and by workers that are killed or stopped."""

import threading
from datetime import UTC, timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from flaskblog.database.base import now
from flaskblog.extensions import db, queue
from flaskblog.extensions.task_queue import QUEUE_ERRORS
from flaskblog.mail import outbox
from flaskblog.models import Mail
from flaskblog.users import emails
from tests.support.factories import make_user
from tests.support.outbox import add_mail, age_outbox, begin_worker, outbox_rows
from tests.support.processes import free_port
from tests.support.smtp_server import Mailbox, UseMailServer


def test_a_failure_schedules_the_next_attempt(
    use_mail_server: UseMailServer,
) -> None:
    use_mail_server(free_port())
    add_mail()
    queue.storage.flush_all()
    outbox.deliver_due()
    [task] = queue.pending()
    queue.storage.flush_all()
    assert 3 < (task.eta.replace(tzinfo=UTC) - now()).total_seconds() <= 5


def test_several_workers_send_every_mail_once(
    app: Flask, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers = 6
    monkeypatch.setattr(outbox, "_sender_slots", threading.BoundedSemaphore(workers))
    names = sorted(f"reader{number}@example.org" for number in range(20))
    for name in names:
        add_mail(name)

    for thread in [begin_worker(app) for _ in range(workers)]:
        thread.join()
    assert sorted(mailbox.recipients) == names
    assert outbox_rows() == []


def test_a_claimed_mail_is_sent_again_when_its_lease_expires(mailbox: Mailbox) -> None:
    add_mail()
    assert Mail.claim_next(outbox.LEASE) is not None
    db.session.commit()
    outbox.deliver_due()
    assert mailbox.messages == []
    age_outbox(outbox.LEASE)
    outbox.deliver_due()
    assert len(mailbox.messages) == 1


def test_a_worker_with_an_expired_lease_does_not_reschedule_the_mail() -> None:
    add_mail()
    slow = Mail.claim_next(outbox.LEASE)
    assert slow is not None
    db.session.expunge(slow)
    db.session.execute(update(Mail).values(attempts=2))
    slow.retry_later(timedelta(hours=1), "too late")
    db.session.commit()
    assert outbox_rows()[0].last_error == ""


def test_no_transaction_is_open_while_mail_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    in_transaction = []

    def send(*_args: object) -> str:
        in_transaction.append(db.session().in_transaction())
        return "250 OK"

    monkeypatch.setattr(outbox, "send", send)
    monkeypatch.setattr(emails, "reset_link", lambda _user: "https://blog.example.org/")
    make_user("reader")
    db.session.add(Mail.to("reader@example.org", "reset_password"))
    db.session.commit()
    outbox.deliver_due()
    assert in_transaction == [False]


def test_new_mail_is_sent_by_a_busy_sender_if_all_slots_are_taken(
    app: Flask, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "_sender_slots", threading.BoundedSemaphore(1))
    mailbox.hold.clear()
    add_mail("first@example.org")

    busy = begin_worker(app)
    assert mailbox.reached.wait(5)
    add_mail("second@example.org")
    outbox.deliver_due()
    mailbox.hold.set()
    busy.join()
    assert mailbox.recipients == ["first@example.org", "second@example.org"]


def test_mail_requested_while_the_last_sender_finishes_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = []

    def find_nothing() -> bool:
        calls.append(True)
        if len(calls) == 1:
            outbox.deliver_due()  # as another thread that finds no free slot
        return False

    monkeypatch.setattr(outbox, "_sender_slots", threading.BoundedSemaphore(1))
    monkeypatch.setattr(outbox, "_deliver_next", find_nothing)
    outbox.deliver_due()
    assert len(calls) == 2


def test_a_stopping_worker_sends_no_more_mail(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "stopping", threading.Event())
    add_mail()
    queue.stopping.set()
    outbox.deliver_due()
    assert mailbox.messages == []


def test_waking_the_worker_never_raises(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_args: object) -> None:
        raise QUEUE_ERRORS[0]("the disk is full")

    monkeypatch.setattr(queue.storage, "enqueue", fail)
    outbox.wake()
    assert "could not wake the worker" in caplog.text
