"""Many workers, killed workers, sleeping workers: none sends twice, and none forgets."""

import threading
from datetime import UTC, timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from flaskblog import outbox
from flaskblog.database import now
from flaskblog.extensions import db, queue
from flaskblog.models import Mail
from flaskblog.queue import QUEUE_ERRORS
from flaskblog.users import emails
from tests.factories import make_user
from tests.outbox import begin_worker, left, time_passes, write
from tests.smtp import Mailbox, UseMailServer, free_port


def test_a_failure_wakes_the_worker_when_the_next_attempt_is_due(
    use_mail_server: UseMailServer,
) -> None:
    use_mail_server(free_port())
    write()
    queue.storage.flush_all()
    outbox.deliver_due()
    [task] = queue.pending()
    queue.storage.flush_all()
    assert 3 < (task.eta.replace(tzinfo=UTC) - now()).total_seconds() <= 5


def test_every_mail_is_sent_once_however_many_workers_there_are(
    app: Flask, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers = 6
    monkeypatch.setattr(outbox, "_senders", threading.BoundedSemaphore(workers))
    names = sorted(f"reader{number}@example.org" for number in range(20))
    for name in names:
        write(name)

    for thread in [begin_worker(app) for _ in range(workers)]:
        thread.join()
    assert sorted(mailbox.recipients) == names
    assert left() == []


def test_what_a_killed_worker_held_is_sent_when_its_lease_is_over(mailbox: Mailbox) -> None:
    write()
    assert db.session.scalar(Mail.claim_next(outbox.LEASE)) is not None
    db.session.commit()
    outbox.deliver_due()
    assert mailbox.messages == []
    time_passes(outbox.LEASE)
    outbox.deliver_due()
    assert len(mailbox.messages) == 1


def test_a_worker_whose_lease_is_over_does_not_put_off_what_another_holds() -> None:
    write()
    slow = db.session.scalar(Mail.claim_next(outbox.LEASE))
    assert slow is not None
    db.session.expunge(slow)
    db.session.execute(update(Mail).values(attempts=2))
    db.session.execute(slow.put_off(timedelta(hours=1), "too late"))
    db.session.commit()
    assert left()[0].last_error == ""


def test_no_transaction_is_open_while_the_server_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_sender_who_finds_the_others_busy_leaves_them_its_mail(
    app: Flask, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "_senders", threading.BoundedSemaphore(1))
    mailbox.hold.clear()
    write("first@example.org")

    busy = begin_worker(app)
    assert mailbox.reached.wait(5)
    write("second@example.org")
    outbox.deliver_due()
    mailbox.hold.set()
    busy.join()
    assert mailbox.recipients == ["first@example.org", "second@example.org"]


def test_mail_that_comes_while_the_last_sender_lays_down_its_work_is_not_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked = []

    def find_nothing() -> bool:
        looked.append(True)
        if len(looked) == 1:
            outbox.deliver_due()  # as another thread does, which finds no sender free
        return False

    monkeypatch.setattr(outbox, "_senders", threading.BoundedSemaphore(1))
    monkeypatch.setattr(outbox, "_deliver_next", find_nothing)
    outbox.deliver_due()
    assert len(looked) == 2


def test_a_worker_that_stops_begins_no_other_mail(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "stopping", threading.Event())
    write()
    queue.stopping.set()
    outbox.deliver_due()
    assert mailbox.messages == []


def test_waking_never_fails_a_request(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_args: object) -> None:
        raise QUEUE_ERRORS[0]("the disk is full")

    monkeypatch.setattr(queue.storage, "enqueue", fail)
    outbox.wake()
    assert "no worker was woken" in caplog.text
