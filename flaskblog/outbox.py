"""Mail on its way: the rows of the outbox, handed to the mail server one by one.

Each call takes what is due, so that it may run at any time, in any number of threads, processes
and hosts. No transaction is open while a mail server is asked.
"""

import os
from datetime import timedelta
from pathlib import Path
from threading import BoundedSemaphore, Event

import click
from email_validator import EmailNotValidError
from flask import current_app
from sqlalchemy import Update
from sqlalchemy.sql.dml import Delete

from flaskblog.database import now
from flaskblog.extensions import db, mail, queue
from flaskblog.letters import Letter
from flaskblog.models import Mail
from flaskblog.queue import QUEUE_ERRORS
from flaskblog.smtp import explain, is_final
from flaskblog.users.emails import compose

# Longer than one mail may take (smtp.MAIL_LIMIT): no second worker sends what a first still sends.
LEASE = timedelta(seconds=30)
FIRST_DELAY = timedelta(seconds=5)
LONGEST_DELAY = timedelta(hours=1)
MOST_DOUBLINGS = 10
PATIENCE = timedelta(days=1)
# Threads of one worker that a slow mail server may hold; the others keep house.
SENDERS = 3

_senders = BoundedSemaphore(SENDERS)
_wanted = Event()


def wake() -> None:
    """Ask the worker to send what was committed just now; never fails, and never waits for it."""
    _wake_in(timedelta())


def wake_after_lease() -> None:
    """For the mails that a killed worker took with it."""
    _wake_in(LEASE)


def deliver_due() -> None:
    """Send all that is due, until nothing is or the worker is told to stop."""
    _wanted.set()
    # Whoever finds every sender busy leaves a mark, and the sender who ends next looks again.
    while _wanted.is_set() and _senders.acquire(blocking=False):
        try:
            _wanted.clear()
            while not queue.stopping.is_set() and _deliver_next():
                pass
        finally:
            _senders.release()


def send(letter: Letter, reference: str) -> str:
    """Send now, or write a file where no mail server is set; returns what the server answered.

    Raises `OSError`, of which `smtplib.SMTPException` is one, or `EmailNotValidError`.
    """
    message = letter.message(reference)
    if not current_app.config["MAIL_SERVER"]:
        path = _write(message.as_bytes(), f"{reference}-{letter.template}.eml")
        return f"no mail server is set, so the mail is in {path}"
    with mail.connect() as connection:
        connection.send(message)
    return connection.answer


def explain_failure(error: Exception) -> str:
    """One line for the person who runs the site."""
    server, port = current_app.config["MAIL_SERVER"], current_app.config["MAIL_PORT"]
    return explain(error, f"{server}:{port}" if server else "The mail folder")


_delivery = queue.task(name="deliver_due")(deliver_due)


def _wake_in(delay: timedelta) -> None:
    try:
        if delay:
            _delivery.schedule(delay=delay.total_seconds())
        else:
            _delivery()
    except QUEUE_ERRORS:
        current_app.logger.warning("no worker was woken: mail waits for a sweep", exc_info=True)


def _deliver_next() -> bool:
    row = db.session.scalar(Mail.claim_next(LEASE))
    if row is None:
        db.session.rollback()
        return False
    db.session.expunge(row)
    db.session.commit()
    outcome = _attempt(row)
    db.session.execute(outcome)
    db.session.commit()
    return True


def _attempt(row: Mail) -> Delete | Update:
    """What became of one attempt, as the change of its row."""
    try:
        letter = compose(row)
        db.session.rollback()
        if letter is not None:
            answer = send(letter, row.reference)
            _tell(row, letter, answer)
    except (OSError, EmailNotValidError) as error:
        return _put_off_or_give_up(row, error)
    except Exception as error:
        # A fault of ours in one mail must hold up neither the others nor this one for ever.
        current_app.logger.exception("mail %s (%s) cannot be made", row.id, row.template)
        db.session.rollback()
        return _put_off_or_give_up(row, error)
    return row.done()


def _put_off_or_give_up(row: Mail, error: Exception) -> Update:
    reason = explain_failure(error)
    if is_final(error) or now() - row.created_at >= PATIENCE:
        current_app.logger.error("mail %s (%s) is given up: %s", row.id, row.template, reason)
        return row.given_up(reason)
    delay = min(FIRST_DELAY * 2 ** min(row.attempts - 1, MOST_DOUBLINGS), LONGEST_DELAY)
    current_app.logger.warning(
        "mail %s (%s) is put off by %s: %s", row.id, row.template, delay, reason
    )
    later = row.put_off(delay, reason)
    if delay < timedelta(minutes=1):
        _wake_in(delay)  # set after the row's own time, so that it never comes too early
    return later


def _tell(row: Mail, letter: Letter, answer: str) -> None:
    current_app.logger.info("mail %s (%s) left the outbox: %s", row.id, row.template, answer)
    if current_app.config["SHOW_MAIL_LINKS"] and not current_app.config["MAIL_SERVER"]:
        click.echo(f"\n  Mail to {letter.recipient}: {letter.subject}: {letter.link}\n")


def _write(message: bytes, name: str) -> Path:
    """One file for each mail, whole or not there, and readable by its owner alone."""
    folder = Path(current_app.config["MAIL_FOLDER"])
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = folder / f".{name}"
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(message)
        file.flush()
        os.fsync(file.fileno())
    return unfinished.replace(folder / name)
