"""The decorator of pages for anonymous readers, and logging in by a form."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.exceptions import TooManyRequests

from flaskblog.models import User
from flaskblog.urls import is_local
from flaskblog.users.forms import LoginForm
from flaskblog.users.limits import refuse
from flaskblog.users.log_in_attempts import attempt_log_in
from flaskblog.users.sessions import log_in, log_in_and_remember

P = ParamSpec("P")
WRONG_CREDENTIALS = (
    "Wrong username, e-mail address or password. Check them and try again; after several attempts, "
    "wait a minute first."
)


def anonymous_required(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Redirect members to the page that they came for."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if current_user.is_authenticated:
            return redirect(next_or_home())
        return view(*args, **kwargs)

    return guarded


def next_page() -> str | None:
    """The page that required a log-in, as the URL has it; None on an error page of a bad URL."""
    try:
        return request.args.get("next")
    except UnicodeDecodeError:
        return None


def next_or_home() -> str:
    """The URL of the page that required a log-in, if it is on this site, or of the front page."""
    target = next_page() or ""
    return target if is_local(target) else url_for("main.home")


def log_in_by_form(form: LoginForm) -> User | None:
    """Log in with the values of the form, or add an error to it."""
    if not form.validate_on_submit():
        return None
    try:
        user = attempt_log_in(form.email.data, form.password.data)
    except TooManyRequests as refused:
        form.set_errors({"password": refuse(form, refused)})
        return None
    if user is None:
        form.set_errors({"password": WRONG_CREDENTIALS})
    elif form.remember.data:
        log_in_and_remember(user)
    else:
        log_in(user)
    return user
