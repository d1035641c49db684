"""Rate limits of sign-up, password reset, and of what members change of their accounts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from flask import g, request
from flask_limiter import RateLimitExceeded
from werkzeug.exceptions import TooManyRequests
from wtforms.validators import StopValidation

from flaskblog import rules
from flaskblog.extensions import limiter
from flaskblog.extensions.rate_limits import clear, client_network, digest, retry_after
from flaskblog.forms import Form
from flaskblog.media.images import square_picture
from flaskblog.models import User
from flaskblog.text.phrases import waiting_time


def submitted_email() -> str:
    """Key by the form's `email` as typed, or by client if it is empty."""
    typed = request.form.get("email", "")
    return hashed_login(typed) if typed.strip() else client_network()


def hashed_login(typed: str) -> str:
    """Normalize a typed name or address as log-in does, then hash it: 64 characters."""
    return digest(rules.email_key(typed) or typed.strip().lower())


def is_password_of(user: User, typed: str) -> bool:
    """Check the password of the member who sent this request, at most 5 wrong ones a minute.

    Counted apart from log-ins, so that strangers cannot lock out the owner, and before the check,
    so that simultaneous guesses count too. Raises `RateLimitExceeded`.
    """
    g.counted_member = user.id
    return _check_password(user, typed)


def count_address_change(user: User) -> None:
    """Count a try of a member to change an address, at most 5 an hour.

    Called before anyone looks whether the address is taken, because the answer tells who has an
    account. Raises `RateLimitExceeded`.
    """
    g.counted_member = user.id
    _count_address_change()


def uploaded_picture(user: User, stream: BinaryIO) -> bytes:
    """Read the picture of a form, at most 20 an hour for each member.

    Raises `PictureError` and `RateLimitExceeded`.
    """
    g.counted_member = user.id
    return _read_picture(stream)


@limiter.shared_limit("10 per hour", "register")
def count_sign_up() -> None:
    """The decorator counts."""


@limiter.limit("3 per hour", key_func=submitted_email)
@limiter.limit("10 per hour")
def count_reset() -> None:
    """The decorators count."""


def is_within_limit(form: Form, count: Callable[[], None], field: str) -> bool:
    """Count a submitted form; above the limit, say so at a field of it."""
    if form.is_submitted():
        try:
            count()
        except RateLimitExceeded as exceeded:
            form.set_errors({field: refuse(form, exceeded)})
            return False
    return True


@contextmanager
def limit_as_field_error(form: Form) -> Iterator[None]:
    """Turn an exceeded limit into an error of the field that is being validated.

    Raises `StopValidation`.
    """
    try:
        yield
    except RateLimitExceeded as exceeded:
        raise StopValidation(refuse(form, exceeded)) from None


def refuse(form: Form, error: TooManyRequests) -> str:
    """Let the form say 429, and return the message for one of its fields."""
    if isinstance(error, RateLimitExceeded) and limiter.current_limit:
        form.retry_after = retry_after(limiter.current_limit)
    else:
        form.retry_after = int(str(error.retry_after or 60))
    return f"Too many attempts. Try again in {waiting_time(form.retry_after)}."


def _counted_member() -> str:
    return f"user {g.counted_member}"


@limiter.shared_limit("5 per hour", "address change", key_func=_counted_member)
def _count_address_change() -> None:
    """The decorator counts."""


@limiter.shared_limit("20 per hour", "uploads", key_func=_counted_member)
def _read_picture(stream: BinaryIO) -> bytes:
    return square_picture(stream)


@limiter.shared_limit("5 per minute", "own password", key_func=_counted_member)
def _check_password(user: User, typed: str) -> bool:
    is_correct = user.has_password(typed)
    if is_correct:
        clear(limiter.current_limit)
    return is_correct
