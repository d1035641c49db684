"""Logging in and out: a cookie that names a row, and ends with it."""

from typing import TypedDict

from flask import abort, current_app, request, session
from flask_login import login_user, logout_user
from sqlalchemy.exc import SQLAlchemyError

from flaskblog.extensions import db, login_manager
from flaskblog.models import Session, User
from flaskblog.models.session import API_LIFETIME, LIFETIME, REMEMBERED_LIFETIME, Kind
from flaskblog.text import clean_line


class Device(TypedDict):
    address: str
    browser: str


login_manager.login_view = "users.login"
login_manager.login_message = "Log in to go on."
login_manager.login_message_category = "status"


def log_in(user: User) -> None:
    """Begin a session that ends with the browser, or after a day."""
    _log_in(user, Session.begin(user, lifetime=LIFETIME, **_device()))


def log_in_and_remember(user: User) -> None:
    """Begin a session that outlives the browser, for 30 days."""
    _log_in(user, Session.begin(user, lifetime=REMEMBERED_LIFETIME, **_device()))
    session.permanent = True


def log_in_anew(user: User) -> None:
    """Begin another session of the same kind as the one at hand."""
    if session.permanent:
        log_in_and_remember(user)
    else:
        log_in(user)


def begin_for_program(user: User) -> str:
    """Begin a session of the API, for an hour; returns the token that names it."""
    row, token = Session.begin(user, lifetime=API_LIFETIME, kind=Kind.API, **_device())
    _begin(user, row)
    return token


def log_out() -> None:
    """End the session in the database, so that a copied cookie is worth nothing."""
    end(session["_user_id"])
    logout_user()
    session.clear()


def end(token: str) -> None:
    db.session.execute(Session.ended_by(token))
    db.session.commit()


@login_manager.user_loader
def load_user(token: str) -> User | None:
    return bearer(token, Kind.PAGES)


def bearer(token: str, kind: Kind) -> User | None:
    """Whose living session a token names; of the other kind it names none."""
    found = db.session.execute(Session.living(), Session.named(token, kind)).one_or_none()
    if found is None:
        return None
    user, session_id, last_seen_at = found
    if Session.is_due_to_be_seen(last_seen_at):
        _note_seen(session_id)
    user.session_token = token
    return user


def _note_seen(session_id: int) -> None:
    """Apart from the request's own transaction; a full disk must not keep people from reading."""
    try:
        with db.engine.begin() as connection:
            connection.execute(Session.seen(session_id))
    except SQLAlchemyError:
        current_app.logger.warning(
            "session %s was seen, and cannot be marked", session_id, exc_info=True
        )


def _log_in(user: User, begun: tuple[Session, str]) -> None:
    row, user.session_token = begun
    _begin(user, row)
    session.clear()
    login_user(user)


def _begin(user: User, row: Session) -> None:
    """Store a session, unless the password that opened it was changed at this very moment."""
    known = user.password_hash
    db.session.add(row)
    db.session.flush()
    if db.session.scalar(user.password_held()) != known:
        db.session.rollback()
        abort(400, "The password was changed a moment ago. Log in with the new one.")
    db.session.commit()


def _device() -> Device:
    return {
        "address": request.remote_addr or "",
        "browser": clean_line(request.user_agent.string),
    }
