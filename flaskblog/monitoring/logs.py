"""Logging of the process: one handler for all libraries, as text or JSON, without secrets.

A request is logged by its URL rule, not its path: the path of a mailed link is a credential.
"""

import logging
import os
import sys
from secrets import token_hex
from time import perf_counter
from types import TracebackType
from typing import TextIO, cast

import structlog
from flask import Flask, Response, current_app, g, request
from flask.logging import wsgi_errors_stream
from sqlalchemy import inspect
from structlog.stdlib import ExtraAdder, ProcessorFormatter
from structlog.typing import EventDict, WrappedLogger

from flaskblog.monitoring.repeated_errors import RepeatedErrorsHandler

ExcInfo = tuple[type, BaseException, TracebackType] | tuple[None, None, None]

# Requested constantly by monitoring and by every page: logged at DEBUG.
DEBUG_ENDPOINTS = {
    "static", "main.livez", "main.readyz", "main.metrics", "users.picture", "users.initials"
}  # fmt: skip
# Loggers at LOG_LEVEL; all others start at WARNING.
VERBOSE_LOGGERS = ("flaskblog", "_granian", "alembic.runtime.migration")
# Alembic's greeting at each start; the request lines of Werkzeug's server, which hold full paths.
IGNORED_MESSAGES = ("Context impl ", "Will assume ", " - - [")
REQUEST_FIELDS = (
    "method", "rule", "endpoint", "status", "milliseconds", "user_id", "error"
)  # fmt: skip
HANDLER = "flaskblog"

_request_log = logging.getLogger("flaskblog.requests")


def init_app(app: Flask) -> None:
    configure(app.config["LOG_FORMAT"], app.config["LOG_LEVEL"])
    app.before_request(_start_request)
    app.after_request(_log_request)
    # Flask's own message contains the path.
    app.log_exception = _log_exception  # type: ignore[method-assign]


def configure(log_format: str, level: str) -> None:
    """Send all log records of this process to one handler; replaces an earlier configuration."""
    handler = RepeatedErrorsHandler(cast(TextIO, _StderrWriter()))
    handler.set_name(HANDLER)
    handler.addFilter(_is_wanted)
    handler.setFormatter(_formatter(log_format))
    root = logging.getLogger()
    root.handlers = [other for other in root.handlers if other.get_name() != HANDLER]
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for name in VERBOSE_LOGGERS:
        logging.getLogger(name).setLevel(level)


def server_settings() -> dict[str, object]:
    """Return the logging configuration for granian: no handler of its own."""
    return {"formatters": {}, "handlers": {}, "loggers": {"_granian": {"propagate": True}}}


class _StderrWriter:
    """Flask's error stream, silenced when its reader is gone (closed terminal, ended `| tee`).

    Otherwise Python would raise again when it flushes at exit.
    """

    _stream = cast(TextIO, wsgi_errors_stream)

    def write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())

    def flush(self) -> None:
        """Already flushed by `write`."""


def _formatter(log_format: str) -> ProcessorFormatter:
    return ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            ExtraAdder(REQUEST_FIELDS),
        ],
        processors=[
            ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer() if log_format == "json" else _render_text,
        ],
    )


def _render_text(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """Render one line; takes a third of the time of structlog's ConsoleRenderer."""
    time, level, logger = event.pop("timestamp"), event.pop("level"), event.pop("logger")
    message, traceback = str(event.pop("event")), event.pop("exception", "")
    line = f"{time} {level:7} {logger}: {message}".replace("\n", "\n    ")
    for name, value in event.items():
        line += f" {name}={value}"
    return f"{line}\n{traceback}" if traceback else line


def _is_wanted(record: logging.LogRecord) -> bool:
    return record.levelno > logging.INFO or not any(
        ignored in str(record.msg) for ignored in IGNORED_MESSAGES
    )


def _start_request() -> None:
    g.request_id = token_hex(8)
    g.started_at = perf_counter()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _log_request(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.request_id
    level = logging.DEBUG if request.endpoint in DEBUG_ENDPOINTS else logging.INFO
    if _request_log.isEnabledFor(level):
        fields = {
            "method": request.method,
            "rule": request.url_rule.rule if request.url_rule else None,
            "endpoint": request.endpoint,
            "status": response.status_code,
            "milliseconds": round((perf_counter() - g.started_at) * 1000, 1),
            "user_id": _user_id(),
        }
        _request_log.log(level, "request", extra=fields)
    return response


def _user_id() -> int | None:
    """Return the id of the user whom the view loaded; never queries the database."""
    user = g.get("_login_user")  # private API of Flask-Login 0.6, pinned
    if user is None or user.is_anonymous:
        return None
    identity = inspect(user).identity
    return int(identity[0]) if identity else None


def _log_exception(exc_info: ExcInfo) -> None:
    current_app.logger.error("unhandled exception, request %s", g.request_id, exc_info=exc_info)
