"""The outbox: each mail arrives once, whatever the mail server does."""

import logging
from datetime import timedelta

import pytest

from flaskblog import outbox
from flaskblog.database import now
from flaskblog.extensions import db
from flaskblog.models import Mail
from tests.outbox import left, time_passes, write
from tests.smtp import Mailbox, UseMailServer, free_port, serving


def test_a_mail_that_is_sent_leaves_the_outbox(mailbox: Mailbox) -> None:
    write("reader@example.org")
    outbox.deliver_due()
    assert mailbox.recipients == ["reader@example.org"]
    assert left() == []


def test_a_mail_that_is_rolled_back_was_never_written(mailbox: Mailbox) -> None:
    db.session.add(Mail.to("reader@example.org", "reset_password"))
    db.session.flush()
    db.session.rollback()
    outbox.deliver_due()
    assert mailbox.messages == []


def test_a_mail_waits_while_the_server_is_down_and_arrives_once(
    use_mail_server: UseMailServer,
) -> None:
    port = free_port()
    use_mail_server(port)
    write()
    outbox.deliver_due()
    [mail] = left()
    assert mail.attempts == 1
    assert "refused the connection" in mail.last_error
    outbox.deliver_due()
    assert left()[0].attempts == 1, "it was tried again before it was due"

    mailbox = Mailbox()
    with serving(mailbox, port):
        time_passes(timedelta(seconds=6))
        outbox.deliver_due()
        outbox.deliver_due()
    assert len(mailbox.messages) == 1
    assert left() == []


def test_attempts_back_off_from_five_seconds_to_an_hour(use_mail_server: UseMailServer) -> None:
    use_mail_server(free_port())
    delays = []
    mail = write()
    for _attempt in range(12):
        outbox.deliver_due()
        [mail] = left()
        delays.append(round((mail.due_at - now()).total_seconds()))
        mail.due_at = now()
        db.session.commit()
    assert delays == [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]


def test_a_mail_that_thousands_of_workers_died_of_is_still_put_off(
    use_mail_server: UseMailServer,
) -> None:
    use_mail_server(free_port())
    write(attempts=5000)
    outbox.deliver_due()
    assert left()[0].due_at - now() < timedelta(hours=1)


def test_a_mail_is_given_up_after_a_day_and_the_log_says_so(
    use_mail_server: UseMailServer, caplog: pytest.LogCaptureFixture
) -> None:
    use_mail_server(free_port())
    write()
    time_passes(timedelta(hours=23, minutes=59))
    outbox.deliver_due()
    assert left()[0].failed_at is None
    time_passes(timedelta(hours=1))
    outbox.deliver_due()
    [mail] = left()
    assert mail.failed_at is not None
    assert [r.levelno for r in caplog.records if "is given up" in r.message] == [logging.ERROR]
    attempts = mail.attempts
    time_passes(timedelta(hours=2))
    outbox.deliver_due()
    assert left()[0].attempts == attempts


def test_a_refused_recipient_is_given_up_at_once_and_holds_up_no_other(mailbox: Mailbox) -> None:
    mailbox.refused = {"gone@example.org": "550 5.1.1 No such user here"}
    for name in ("gone", "reader", "writer"):
        write(f"{name}@example.org")
    outbox.deliver_due()
    assert mailbox.recipients == ["reader@example.org", "writer@example.org"]
    [mail] = left()
    assert mail.failed_at is not None
    assert "550 5.1.1 No such user here" in mail.last_error


def test_a_recipient_refused_for_now_is_tried_again(mailbox: Mailbox) -> None:
    mailbox.refused = {"reader@example.org": "450 4.2.0 Greylisted, come back"}
    write()
    outbox.deliver_due()
    assert left()[0].failed_at is None
    mailbox.refused = {}
    time_passes(timedelta(seconds=6))
    outbox.deliver_due()
    assert mailbox.recipients == ["reader@example.org"]


def test_new_mail_goes_before_mail_that_failed_before(mailbox: Mailbox) -> None:
    write("often@example.org", attempts=3, due_at=now() - timedelta(hours=1))
    write("fresh@example.org")
    outbox.deliver_due()
    assert mailbox.recipients == ["fresh@example.org", "often@example.org"]


def test_a_fault_in_one_mail_is_logged_and_holds_up_no_other(
    mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    write("broken@example.org", context={})
    write("reader@example.org")
    outbox.deliver_due()
    assert mailbox.recipients == ["reader@example.org"]
    [mail] = left()
    assert mail.due_at > now()
    assert any(record.exc_info for record in caplog.records)


def test_a_line_break_in_an_address_adds_no_header(mailbox: Mailbox) -> None:
    write("reader@example.org\r\nBcc: stranger@example.org")
    outbox.deliver_due()
    assert mailbox.messages == []
    assert left()[0].failed_at is not None
