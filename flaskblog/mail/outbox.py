"""Delivery of the outbox: rows that the worker hands to the mail server one by one.

`deliver_due` may run at any time, in any number of threads, processes and hosts. No transaction is
open during a conversation with a mail server.
"""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import BoundedSemaphore, Event

import click
from email_validator import EmailNotValidError
from flask import current_app

from flaskblog.database.base import now
from flaskblog.extensions import db, mail, queue
from flaskblog.extensions.mailer import explain, is_permanent
from flaskblog.extensions.task_queue import QUEUE_ERRORS
from flaskblog.mail.message import EmailMessage
from flaskblog.models import Mail
from flaskblog.models.mail import Template

Composer = Callable[[Mail], EmailMessage | None]

# Longer than mailer.MESSAGE_TIMEOUT: no second worker claims a mail that is still being sent.
LEASE = timedelta(seconds=30)
FIRST_RETRY_DELAY = timedelta(seconds=5)
MAX_RETRY_DELAY = timedelta(hours=1)
MAX_DOUBLINGS = 10
DELIVERY_TIMEOUT = timedelta(days=1)
# How often the worker looks at the outbox by itself.
SWEEP_INTERVAL = timedelta(minutes=1)
# Threads of a worker that a slow mail server may occupy; the others run the remaining jobs.
MAX_SENDERS = 3

_composers: dict[str, Composer] = {}
_sender_slots = BoundedSemaphore(MAX_SENDERS)
_requested = Event()


def composes(template: Template) -> Callable[[Composer], Composer]:
    """Register a function that turns a row of this template into an e-mail, or None to drop it."""

    def register(composer: Composer) -> Composer:
        _composers[template] = composer
        return composer

    return register


def compose(row: Mail) -> EmailMessage | None:
    return _composers[row.template](row)


def wake() -> None:
    """Ask the worker to send committed mail now; returns at once and never raises."""
    _schedule(timedelta())


def wake_after_lease() -> None:
    """Ask for another delivery when the leases of a killed worker have expired."""
    _schedule(LEASE)


def deliver_due() -> None:
    """Send all due mail, until none is left or the worker stops."""
    _requested.set()
    # A call that finds all slots taken leaves the flag set; the next sender to finish runs again.
    while _requested.is_set() and _sender_slots.acquire(blocking=False):
        try:
            _requested.clear()
            while not queue.stopping.is_set() and _deliver_next():
                pass
        finally:
            _sender_slots.release()


def send(message: EmailMessage, reference: str) -> str:
    """Send now, or write a file if `MAIL_SERVER` is empty; return the server's reply.

    Raises `OSError` (which includes `smtplib.SMTPException`) or `EmailNotValidError`.
    """
    mime = message.to_mime(reference)
    if not current_app.config["MAIL_SERVER"]:
        path = _write_file(mime.as_bytes(), f"{reference}-{message.template}.eml")
        return f"MAIL_SERVER is not set; the message was written to {path}"
    with mail.connect() as connection:
        connection.send(mime)
    return connection.reply


def explain_failure(error: Exception) -> str:
    """Describe a failed attempt in one line, for the operator."""
    server, port = current_app.config["MAIL_SERVER"], current_app.config["MAIL_PORT"]
    return explain(error, f"{server}:{port}" if server else "The mail folder")


_delivery_task = queue.task(name="deliver_due")(deliver_due)


def _schedule(delay: timedelta) -> None:
    try:
        if delay:
            _delivery_task.schedule(delay=delay.total_seconds())
        else:
            _delivery_task()
    except QUEUE_ERRORS:
        current_app.logger.warning(
            "could not wake the worker; mail waits for the next sweep", exc_info=True
        )


def _deliver_next() -> bool:
    row = Mail.claim_next(LEASE)
    if row is None:
        db.session.rollback()
        return False
    db.session.expunge(row)
    db.session.commit()
    retry_delay = _attempt(row)
    db.session.commit()
    if retry_delay and retry_delay < SWEEP_INTERVAL:
        _schedule(retry_delay)
    return True


def _attempt(row: Mail) -> timedelta | None:
    """Compose and send, record the outcome, and return the delay until the next attempt."""
    try:
        message = compose(row)
        db.session.rollback()
        if message is not None:
            reply = send(message, row.reference)
            _log_sent(row, message, reply)
    except (OSError, EmailNotValidError) as error:
        return _retry_or_fail(row, error)
    except Exception as error:
        # A bug in one e-mail must neither block the others nor be retried for ever.
        current_app.logger.exception("mail %s (%s): could not be composed", row.id, row.template)
        db.session.rollback()
        return _retry_or_fail(row, error)
    row.delete()
    return None


def _retry_or_fail(row: Mail, error: Exception) -> timedelta | None:
    reason = explain_failure(error)
    if is_permanent(error) or now() - row.created_at >= DELIVERY_TIMEOUT:
        current_app.logger.error("mail %s (%s): failed: %s", row.id, row.template, reason)
        row.give_up(reason)
        return None
    delay: timedelta = min(
        FIRST_RETRY_DELAY * 2 ** min(row.attempts - 1, MAX_DOUBLINGS), MAX_RETRY_DELAY
    )
    current_app.logger.warning("mail %s (%s): retry in %s: %s", row.id, row.template, delay, reason)
    row.retry_later(delay, reason)
    return delay


def _log_sent(row: Mail, message: EmailMessage, reply: str) -> None:
    current_app.logger.info("mail %s (%s): sent: %s", row.id, row.template, reply)
    if current_app.config["SHOW_MAIL_LINKS"] and not current_app.config["MAIL_SERVER"]:
        click.echo(f"\n  Mail to {message.recipient}: {message.subject}: {message.link}\n")


def _write_file(message: bytes, name: str) -> Path:
    """Write atomically, readable by the owner only."""
    folder = Path(current_app.config["MAIL_FOLDER"])
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = folder / f".{name}"
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(message)
        file.flush()
        os.fsync(file.fileno())
    return partial.replace(folder / name)
