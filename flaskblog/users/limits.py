"""Rate limits of log-in, password reset and password confirmation."""

from collections.abc import Callable
from contextlib import suppress
from typing import ParamSpec

from flask import request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from redis import RedisError

from flaskblog import rules
from flaskblog.extensions import db, limiter
from flaskblog.extensions.rate_limits import client_network, digest
from flaskblog.models import User

P = ParamSpec("P")


def limit_log_ins(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Count the POST requests to a view as log-ins, per account and per network."""
    per_account = limiter.shared_limit(
        "5 per minute", "login", key_func=_submitted_login, methods=["POST"]
    )
    per_network = limiter.shared_limit("20 per minute", "login", methods=["POST"])
    limited: Callable[P, ResponseReturnValue] = per_account(per_network(view))
    return limited


def _submitted_login() -> str:
    """Key by the account that the form's `email` identifies, or by client if it is empty."""
    typed = request.form.get("email", "")
    return login_key(typed) if typed.strip() else client_network()


def submitted_email() -> str:
    """Key by the form's `email` as typed, or by client if it is empty."""
    typed = request.form.get("email", "")
    return hashed_login(typed) if typed.strip() else client_network()


def login_key(typed: str) -> str:
    """One key for the username and the e-mail address of an account."""
    user_id = db.session.scalar(User.by_login(typed).with_only_columns(User.id))
    return f"user {user_id}" if user_id else hashed_login(typed)


def hashed_login(typed: str) -> str:
    """Normalize a typed name or address as log-in does, then hash it: 64 characters."""
    return digest(rules.email_key(typed) or typed.strip().lower())


def _current_user_key() -> str:
    return f"user {current_user.id}"


@limiter.shared_limit("5 per minute", "own password", key_func=_current_user_key)
def is_password_of(user: User, typed: str) -> bool:
    """Check the password of the current user, at most 5 wrong ones a minute.

    Counted apart from log-ins, so that strangers cannot lock out the owner, and before the check,
    so that simultaneous guesses count too. Raises `RateLimitExceeded`.
    """
    is_correct = user.has_password(typed)
    if is_correct:
        _reset_count()
    return is_correct


def _reset_count() -> None:
    if limit := limiter.current_limit:
        with suppress(RedisError):  # just became unavailable: the limit expires by itself
            limit.limiter.clear(limit.limit, *limit.request_args)
