"""The outbox: adding mails to it, reading it and making it older."""

import contextvars
import threading
from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from flaskblog.extensions import db
from flaskblog.mail import outbox
from flaskblog.models import Mail


def add_mail(recipient: str = "reader@example.org", **values: object) -> Mail:
    """Commit a mail that needs no account."""
    mail = Mail.to(recipient, "address_changed", username="reader", new_address="new@example.org")
    for name, value in values.items():
        setattr(mail, name, value)
    db.session.add(mail)
    db.session.commit()
    return mail


def outbox_rows() -> list[Mail]:
    """The current rows of the outbox."""
    db.session.rollback()
    return list(db.session.scalars(select(Mail).order_by(Mail.id)))


def age_outbox(time: timedelta) -> None:
    """Move the times of every row into the past."""
    for mail in outbox_rows():
        mail.created_at -= time
        mail.due_at -= time
    db.session.commit()


def begin_worker(app: Flask) -> threading.Thread:
    """A thread that delivers what is due, with a context of its own."""

    def work() -> None:
        with app.app_context():
            outbox.deliver_due()

    thread = threading.Thread(target=contextvars.Context().run, args=(work,))
    thread.start()
    return thread
