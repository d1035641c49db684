"""Delivery of the outbox: each mail arrives once."""

import logging
from datetime import timedelta

import pytest

from flaskblog.database.base import now
from flaskblog.extensions import db
from flaskblog.mail import outbox
from flaskblog.models import Mail
from tests.support.outbox import add_mail, age_outbox, outbox_rows
from tests.support.processes import free_port
from tests.support.smtp_server import Mailbox, UseMailServer, serving


def test_a_sent_mail_is_removed_from_the_outbox(mailbox: Mailbox) -> None:
    add_mail("reader@example.org")
    outbox.deliver_due()
    assert mailbox.recipients == ["reader@example.org"]
    assert outbox_rows() == []


def test_a_mail_of_a_rolled_back_transaction_is_not_sent(mailbox: Mailbox) -> None:
    db.session.add(Mail.to("reader@example.org", "reset_password"))
    db.session.flush()
    db.session.rollback()
    outbox.deliver_due()
    assert mailbox.messages == []


def test_a_mail_is_retried_while_the_server_is_down_and_arrives_once(
    use_mail_server: UseMailServer,
) -> None:
    port = free_port()
    use_mail_server(port)
    add_mail()
    outbox.deliver_due()
    [mail] = outbox_rows()
    assert mail.attempts == 1
    assert "refused the connection" in mail.last_error
    outbox.deliver_due()
    assert outbox_rows()[0].attempts == 1, "it was retried before it was due"

    mailbox = Mailbox()
    with serving(mailbox, port):
        age_outbox(timedelta(seconds=6))
        outbox.deliver_due()
        outbox.deliver_due()
    assert len(mailbox.messages) == 1
    assert outbox_rows() == []


def test_retries_back_off_from_five_seconds_to_an_hour(use_mail_server: UseMailServer) -> None:
    use_mail_server(free_port())
    delays = []
    mail = add_mail()
    for _attempt in range(12):
        outbox.deliver_due()
        [mail] = outbox_rows()
        delays.append(round((mail.due_at - now()).total_seconds()))
        mail.due_at = now()
        db.session.commit()
    assert delays == [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]


def test_the_retry_delay_is_bounded_after_thousands_of_attempts(
    use_mail_server: UseMailServer,
) -> None:
    use_mail_server(free_port())
    add_mail(attempts=5000)
    outbox.deliver_due()
    assert outbox_rows()[0].due_at - now() < timedelta(hours=1)


def test_a_mail_fails_after_a_day_with_an_error_in_the_log(
    use_mail_server: UseMailServer, caplog: pytest.LogCaptureFixture
) -> None:
    use_mail_server(free_port())
    add_mail()
    age_outbox(timedelta(hours=23, minutes=59))
    outbox.deliver_due()
    assert outbox_rows()[0].failed_at is None
    age_outbox(timedelta(hours=1))
    outbox.deliver_due()
    [mail] = outbox_rows()
    assert mail.failed_at is not None
    assert [r.levelno for r in caplog.records if ": failed:" in r.message] == [logging.ERROR]
    attempts = mail.attempts
    age_outbox(timedelta(hours=2))
    outbox.deliver_due()
    assert outbox_rows()[0].attempts == attempts


def test_a_refused_recipient_fails_at_once_and_blocks_no_other_mail(mailbox: Mailbox) -> None:
    mailbox.refused = {"gone@example.org": "550 5.1.1 No such user here"}
    for name in ("gone", "reader", "author"):
        add_mail(f"{name}@example.org")
    outbox.deliver_due()
    assert mailbox.recipients == ["reader@example.org", "author@example.org"]
    [mail] = outbox_rows()
    assert mail.failed_at is not None
    assert "550 5.1.1 No such user here" in mail.last_error


def test_a_temporarily_refused_recipient_is_retried(mailbox: Mailbox) -> None:
    mailbox.refused = {"reader@example.org": "450 4.2.0 Greylisted, come back"}
    add_mail()
    outbox.deliver_due()
    assert outbox_rows()[0].failed_at is None
    mailbox.refused = {}
    age_outbox(timedelta(seconds=6))
    outbox.deliver_due()
    assert mailbox.recipients == ["reader@example.org"]


def test_new_mail_is_sent_before_retries(mailbox: Mailbox) -> None:
    add_mail("often@example.org", attempts=3, due_at=now() - timedelta(hours=1))
    add_mail("fresh@example.org")
    outbox.deliver_due()
    assert mailbox.recipients == ["fresh@example.org", "often@example.org"]


def test_a_bug_in_one_mail_is_logged_and_blocks_no_other_mail(
    mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    add_mail("broken@example.org", context={})
    add_mail("reader@example.org")
    outbox.deliver_due()
    assert mailbox.recipients == ["reader@example.org"]
    [mail] = outbox_rows()
    assert mail.due_at > now()
    assert any(record.exc_info for record in caplog.records)


def test_a_line_break_in_an_address_adds_no_header(mailbox: Mailbox) -> None:
    add_mail("reader@example.org\r\nBcc: stranger@example.org")
    outbox.deliver_due()
    assert mailbox.messages == []
    assert outbox_rows()[0].failed_at is not None
