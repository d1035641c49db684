"""One handler for all that goes wrong: a page says what happened and what to do.

Under `/api/` it is a problem document instead.
"""

from flask import Flask, current_app, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from psycopg.errors import ReadOnlySqlTransaction
from sqlalchemy.exc import InternalError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm.exc import ObjectDeletedError
from werkzeug.exceptions import (
    HTTPException,
    InternalServerError,
    NotFound,
    ServiceUnavailable,
    TooManyRequests,
)
from werkzeug.routing.exceptions import RoutingException

from flaskblog.addresses import is_for_programs
from flaskblog.extensions import limiter, login_manager
from flaskblog.problems import problem
from flaskblog.rate_limits import counted, retry_after
from flaskblog.text import waiting_time

# Title, what happened, what to do next.
PAGES = {
    400: (
        "That request makes no sense here",
        "Something in the address or the form could not be read.",
        "Go back, check what you entered, and try again.",
    ),
    403: (
        "That is not yours to change",
        "Only the person who wrote something may change it.",
        "If it is yours, log in with the account you wrote it with.",
    ),
    404: (
        "There is nothing at this address",
        "It may have been deleted, or the address may be mistyped.",
        "Check the address, or begin again at the front page.",
    ),
    405: (
        "That cannot be done at this address",
        "The address exists, but takes another kind of request.",
        "Go back and use the button on the page.",
    ),
    413: (
        "That is too large",
        "More was sent than this site takes at once.",
        "Go back and send less: a shorter text or a smaller picture.",
    ),
    429: (
        "That was a little too often",
        "To keep out machines that guess, this site takes only so many tries.",
        "Nothing is wrong with your account.",
    ),
    500: (
        "Something broke on our side",
        "It was not your doing, and it has been noted.",
        "Try again in a minute. If it stays, tell the people who run this site the number below.",
    ),
    503: (
        "The site cannot answer just now",
        "Its database is busy or away.",
        "Nothing is lost: wait a few seconds and load the page again.",
    ),
}
NEEDS_NOTHING = {500, 503}
PASSED_ON = {"Allow", "Retry-After", "WWW-Authenticate"}


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, show_error)
    app.register_error_handler(OperationalError, show_database_error)
    app.register_error_handler(PoolTimeoutError, show_database_error)
    app.register_error_handler(InternalError, _show_read_only)
    app.register_error_handler(ObjectDeletedError, _show_gone)


def show_error(error: HTTPException) -> ResponseReturnValue:
    if isinstance(error, RoutingException):
        return error.get_response()
    code = error.code or 500
    if code not in PAGES:
        code = code // 100 * 100
    title, happened, next_step = PAGES[code]
    if error.description and error.description not in {type(error).description, _limit_of(error)}:
        happened = error.description
    if isinstance(error, CSRFError):
        happened = "The page was open for so long, or so many times, that its form ran out."
        next_step = "Go back, load the page again, and send the form once more."
    if isinstance(error, InternalServerError):
        happened = PAGES[500][1]
    headers = {name: value for name, value in error.get_headers() if name in PASSED_ON}
    if isinstance(error, TooManyRequests) and limiter.current_limit:
        seconds = retry_after(limiter.current_limit)
        headers |= {"Retry-After": str(seconds), **counted(limiter.current_limit)}
        next_step = f"You can try again in {waiting_time(seconds)}. {next_step}"
    if is_for_programs(request.path):
        return problem(error, headers)
    page = render_template(
        # A broken database must not break the page that tells of it.
        "errors/bare.html" if code in NEEDS_NOTHING else "errors/error.html",
        code=code,
        title=title,
        happened=happened,
        next_step=next_step,
        request_id=g.request_id,
    )
    return page, error.code or 500, headers


def _limit_of(error: HTTPException) -> str | None:
    """What the limiter says by itself, such as `5 per 1 minute`."""
    return str(error.limit.limit) if isinstance(error, RateLimitExceeded) else None


def show_database_error(error: SQLAlchemyError) -> ResponseReturnValue:
    current_app.logger.error("database unavailable, request %s", g.request_id, exc_info=error)
    return show_error(ServiceUnavailable(retry_after=5))


def _show_gone(_error: ObjectDeletedError) -> ResponseReturnValue:
    """Deleted at this very moment, perhaps the account that asks: nobody is logged in to it."""
    login_manager._update_request_context_with_user()
    return show_error(NotFound())


def _show_read_only(error: InternalError) -> ResponseReturnValue:
    """psycopg tells of a database that takes no writes as of a fault inside of it."""
    if isinstance(error.orig, ReadOnlySqlTransaction):
        return show_database_error(error)
    raise error
