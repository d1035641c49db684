"""Whose tries are counted: of logging in, and of guessing a password from within an account."""

from contextlib import suppress

from flask import request
from flask_login import current_user
from redis import RedisError

from flaskblog.extensions import db, limiter
from flaskblog.models import User
from flaskblog.rate_limits import account_key, named_account


def account_to_log_in() -> str:
    """Name the account that the form's field `email` means; without one, who is asking."""
    typed = request.form.get("email", "")
    return login_key(typed) if typed.strip() else named_account()


def login_key(typed: str) -> str:
    """One key for a person's name and address, and one of its own for what nobody is known as."""
    user_id = db.session.scalar(User.known_as(typed).with_only_columns(User.id))
    return f"user {user_id}" if user_id else account_key(typed)


def _member() -> str:
    return f"user {current_user.id}"


@limiter.shared_limit("5 per minute", "own password", key_func=_member)
def is_password_of(user: User, typed: str) -> bool:
    """Whether it is; for whoever is logged in as them, with a stolen cookie perhaps.

    Counted apart from log-ins, so that nobody outside can keep the owner from their account, and
    before the look, so that guesses sent at once are counted too. The right password is not
    counted. Raises `RateLimitExceeded`.
    """
    fits = user.has_password(typed)
    if fits:
        _count_anew()
    return fits


def _count_anew() -> None:
    if limit := limiter.current_limit:
        with suppress(RedisError):  # it went away a moment ago: the limit ends by itself
            limit.limiter.clear(limit.limit, *limit.request_args)
