"""Error responses: a page with an explanation and advice; under `/api/` a problem document."""

from contextlib import suppress

from flask import Flask, current_app, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_limiter import RateLimitExceeded, RequestLimit
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
)
from werkzeug.routing.exceptions import RoutingException

from flaskblog.extensions import limiter, login_manager
from flaskblog.extensions.rate_limits import exceeded_headers, retry_after
from flaskblog.media.store import MediaError
from flaskblog.text.phrases import waiting_time
from flaskblog.urls import is_api_path
from flaskblog.web.maintenance import UnderMaintenance
from flaskblog.web.problems import problem_response
from flaskblog.web.trailing_slashes import redirect_without_slash

# Title, explanation, advice.
PAGES = {
    400: (
        "Bad request",
        "The address or the form could not be read.",
        "Go back, check what you entered, and try again.",
    ),
    403: (
        "Not allowed",
        "Only the author can change this.",
        "If you are the author, log in with the account you wrote it with.",
    ),
    404: (
        "Page not found",
        "The page may have been deleted, or the address may be mistyped.",
        "Check the address, or start from the home page.",
    ),
    405: (
        "Method not allowed",
        "This address does not accept this kind of request.",
        "Go back and use the button on the page.",
    ),
    410: (
        "Deleted",
        "This post has been deleted.",
        "Its author may have it among their deleted posts. Read something else instead.",
    ),
    413: (
        "Too large",
        "The text or the file is larger than this site accepts.",
        "Go back and submit a shorter text or a smaller picture.",
    ),
    429: (
        "Too many attempts",
        "This site limits the number of attempts to prevent abuse.",
        "Your account is not affected.",
    ),
    500: (
        "Something went wrong",
        "An error occurred on the server and has been logged.",
        "Try again in a minute. If the problem persists, contact the administrators and quote the "
        "request ID below.",
    ),
    503: (
        "Service unavailable",
        "The database is busy or cannot be reached.",
        "No data has been lost. Wait a few seconds and reload the page.",
    ),
}
# Rendered without session and user: the database may be the problem.
STANDALONE = {500, 503}
# Parts of the names of fields that no page repeats.
SECRET_FIELDS = ("password", "code")
KEPT_HEADERS = {"Allow", "Retry-After", "WWW-Authenticate"}


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, show_error)
    app.register_error_handler(OperationalError, show_database_error)
    app.register_error_handler(PoolTimeoutError, show_database_error)
    app.register_error_handler(InternalError, _show_internal_error)
    app.register_error_handler(ObjectDeletedError, _show_deleted)
    app.register_error_handler(MediaError, _show_media_error)


def show_error(error: HTTPException) -> ResponseReturnValue:
    if isinstance(error, RoutingException):
        return error.get_response()
    if error is request.routing_exception and (moved := redirect_without_slash()):
        return moved
    headers = error_headers(error)
    if is_api_path(request.path):
        return problem_response(error, _own_description(error), headers)
    return _render_page(error), error.code or 500, headers


def error_headers(error: HTTPException) -> dict[str, str]:
    headers = {name: value for name, value in error.get_headers() if name in KEPT_HEADERS}
    if limit := _exceeded_limit(error):
        headers |= {"Retry-After": str(retry_after(limit)), **exceeded_headers(limit)}
    return headers


def refusal(error: HTTPException) -> str:
    """Return why a request was refused, and when to try again if a limit was reached."""
    limit = _exceeded_limit(error)
    advice = f" Try again in {waiting_time(retry_after(limit))}." if limit else ""
    return f"{error.description}{advice}"


def show_database_error(error: SQLAlchemyError) -> ResponseReturnValue:
    current_app.logger.error("database unavailable, request %s", g.request_id, exc_info=error)
    return show_error(ServiceUnavailable(retry_after=5))


def _show_internal_error(error: InternalError) -> ResponseReturnValue:
    """psycopg reports a read-only database as an internal error."""
    if isinstance(error.orig, ReadOnlySqlTransaction):
        return show_database_error(error)
    raise error


def _show_deleted(_error: ObjectDeletedError) -> ResponseReturnValue:
    """A row was deleted during the request, perhaps the user's own: render as for a visitor."""
    login_manager._update_request_context_with_user()  # private API of Flask-Login 0.6, pinned
    return show_error(NotFound())


def _show_media_error(error: MediaError) -> ResponseReturnValue:
    current_app.logger.error("media store unavailable, request %s", g.request_id, exc_info=error)
    return show_error(ServiceUnavailable("Pictures cannot be stored or shown.", retry_after=5))


def _render_page(error: HTTPException) -> str:
    code = error.code or 500
    if code not in PAGES:
        code = code // 100 * 100
    title, explanation, advice = PAGES[code]
    if isinstance(error, CSRFError):
        explanation = "The form has expired."
        advice = "Go back, reload the page and submit the form again."
    elif isinstance(error, UnderMaintenance):
        advice = error.advice
    elif limit := _exceeded_limit(error):
        advice = f"Try again in {waiting_time(retry_after(limit))}. {advice}"
    return render_template(
        "errors/bare.html" if code in STANDALONE else "errors/error.html",
        code=code,
        title=title,
        explanation=_own_description(error) or explanation,
        advice=advice,
        request_id=g.request_id,
        submitted=_submitted_fields() if code in STANDALONE else {},
    )


def _submitted_fields() -> dict[str, str]:
    """Return what the form had, without passwords, so that it can be submitted again."""
    with suppress(HTTPException):
        return {
            name: value
            for name, value in request.form.items()
            if not any(word in name for word in SECRET_FIELDS)
        }
    return {}


def _own_description(error: HTTPException) -> str | None:
    """Return what our code gave as the description, or None for a library's default."""
    if isinstance(error, InternalServerError | CSRFError):
        return None
    defaults = {type(error).description}
    if isinstance(error, RateLimitExceeded):
        defaults.add(str(error.limit.limit))
    return None if error.description in defaults else error.description


def _exceeded_limit(error: HTTPException) -> RequestLimit | None:
    return limiter.current_limit if isinstance(error, RateLimitExceeded) else None
