"""Error pages for exceptions that Flask does not handle: in a teardown or in a WSGI layer."""

from collections.abc import Iterable
from contextlib import suppress
from io import BytesIO
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import structlog
from flask import Flask, Response, g
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import InternalServerError, ServiceUnavailable

from flaskblog.web.errors import show_error
from flaskblog.web.headers import SecurityHeaders

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class UnhandledErrors:
    """The outermost WSGI middleware."""

    def __init__(self, app: Flask, inner: "WSGIApplication") -> None:
        self._app = app
        self.inner = inner

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        started: list[tuple[Any, ...]] = []
        structlog.contextvars.clear_contextvars()
        try:
            # A teardown follows the start of the response: its status is not passed on before.
            body = self.inner(environ, lambda *start: started.append(start))  # type: ignore[arg-type]
        except Exception as error:
            if _is_propagated(self._app):
                raise
            request_id = structlog.contextvars.get_contextvars().get("request_id") or token_hex(8)
            self._app.logger.exception("unhandled exception, request %s", request_id)
            page = _error_page(self._app, environ, error, request_id)
            return SecurityHeaders(self._app, page)(environ, start_response)
        start_response(*started[-1])
        return body


def _is_propagated(app: Flask) -> bool:
    """Whether Flask passes exceptions on too: to a debugger or a test."""
    propagate = app.config["PROPAGATE_EXCEPTIONS"]
    return bool(app.testing or app.debug if propagate is None else propagate)


def _error_page(
    app: Flask, environ: "WSGIEnvironment", error: Exception, request_id: str
) -> Response:
    is_database = isinstance(error, OperationalError)
    shown = ServiceUnavailable(retry_after=5) if is_database else InternalServerError()
    response = Response("Something went wrong. Try again in a minute.", 500, mimetype="text/plain")
    # The teardown of this context may fail as the first one did.
    with suppress(Exception), app.request_context(_without_body(environ)):
        g.request_id = request_id
        response = app.make_response(show_error(shown))
    response.headers["X-Request-ID"] = request_id
    response.headers["Cache-Control"] = "no-store"
    return response


def _without_body(environ: "WSGIEnvironment") -> "WSGIEnvironment":
    """The request, whose body may have been read."""
    return environ | {"CONTENT_LENGTH": "0", "wsgi.input": BytesIO()}
