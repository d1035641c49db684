"""Logging in and out. A cookie identifies a row of the session table, and is invalid without it."""

from typing import TypedDict

from flask import abort, current_app, request, session
from flask_login import login_user, logout_user
from sqlalchemy.exc import SQLAlchemyError

from flaskblog.database.base import now
from flaskblog.database.sqlite import begin_without_waiting
from flaskblog.extensions import db, login_manager
from flaskblog.models import Session, User
from flaskblog.models.session import (
    API_LIFETIME,
    LIFETIME,
    REMEMBERED_LIFETIME,
    SEEN_INTERVAL,
    Kind,
)
from flaskblog.text.cleaning import clean_line
from flaskblog.users.known_browsers import remember_browser


class Device(TypedDict):
    address: str
    browser: str


login_manager.login_view = "users.login"
login_manager.login_message = "Log in to continue."
login_manager.login_message_category = "status"


def log_in(user: User) -> None:
    """Begin a session that ends when the browser is closed, or after a day."""
    _log_in(user, Session.begin(user, lifetime=LIFETIME, **_device()))


def log_in_and_remember(user: User) -> None:
    """Begin a session of 30 days."""
    _log_in(user, Session.begin(user, lifetime=REMEMBERED_LIFETIME, **_device()))
    session.permanent = True


def renew_session(user: User) -> None:
    """Begin a new session that lasts as long as the current one does."""
    if session.permanent:
        log_in_and_remember(user)
    else:
        log_in(user)


def begin_api_session(user: User) -> str:
    """Begin a session of one hour and return its token."""
    row, token = Session.begin(user, lifetime=API_LIFETIME, kind=Kind.API, **_device())
    _begin(user, row)
    return token


def log_out() -> None:
    """End the session in the database, so that copies of the cookie are invalid, too."""
    end_session(session["_user_id"])
    logout_user()
    session.clear()


def end_session(token: str) -> None:
    Session.end(token)
    db.session.commit()


@login_manager.user_loader
def load_user(token: str) -> User | None:
    return user_of(token, Kind.PAGES)


def user_of(token: str, kind: Kind) -> User | None:
    """Return the member of the active session with this token."""
    found = Session.lookup(token, kind)
    if found is None:
        return None
    user, session_id, last_seen_at = found
    if now() - last_seen_at > SEEN_INTERVAL:
        _update_last_seen(session_id)
    user.session_token = token
    return user


def _update_last_seen(session_id: int) -> None:
    """In a transaction of its own: members can read on a full disk, and while others write."""
    try:
        with begin_without_waiting(db.engine) as connection:
            connection.execute(Session.seen_statement(session_id))
    except SQLAlchemyError:
        current_app.logger.warning(
            "last_seen_at of session %s was not updated", session_id, exc_info=True
        )


def _log_in(user: User, begun: tuple[Session, str]) -> None:
    row, user.session_token = begun
    _begin(user, row)
    session.clear()
    login_user(user)
    remember_browser(user)


def _begin(user: User, row: Session) -> None:
    """Store a session, unless the password was changed since it was checked."""
    checked = user.password_hash
    db.session.add(row)
    db.session.flush()
    if user.locked_password_hash() != checked:
        db.session.rollback()
        abort(400, "The password has just been changed. Log in with the new one.")
    db.session.commit()


def _device() -> Device:
    return {
        "address": request.remote_addr or "",
        "browser": clean_line(request.user_agent.string),
    }
