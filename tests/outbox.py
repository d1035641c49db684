"""The outbox as tests fill it, look into it, and let it grow old."""

import contextvars
import threading
from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from flaskblog import outbox
from flaskblog.extensions import db
from flaskblog.models import Mail


def write(recipient: str = "reader@example.org", **values: object) -> Mail:
    """Commit a mail that needs no account."""
    mail = Mail.to(recipient, "address_changed", username="reader", new_address="new@example.org")
    for name, value in values.items():
        setattr(mail, name, value)
    db.session.add(mail)
    db.session.commit()
    return mail


def left() -> list[Mail]:
    """What is in the outbox by now."""
    db.session.rollback()
    return list(db.session.scalars(select(Mail).order_by(Mail.id)))


def time_passes(time: timedelta) -> None:
    """Let every row grow older, as if this much time had gone by."""
    for mail in left():
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
