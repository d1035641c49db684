"""What the process tells, in lines for people or for machines, with no secret in any of them.

One handler takes the lines of every library. A request is told by the rule of its address and not
by its path: the path of a link from a mail is as good as a password.
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
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

ExcInfo = tuple[type, BaseException, TracebackType] | tuple[None, None, None]

# Asked for all day by machines and by every page: worth a line only at DEBUG.
QUIET = {"static", "main.livez", "main.readyz", "main.metrics", "users.picture", "users.initials"}
# Libraries speak from WARNING on; these have something to say at LOG_LEVEL too.
SPEAKERS = ("flaskblog", "_granian", "alembic.runtime.migration")
# Alembic greets at each start; Werkzeug's development server tells whole paths.
UNWANTED = ("Context impl ", "Will assume ", " - - [")
HANDLER = "flaskblog"

_timestamp = structlog.processors.TimeStamper(fmt="iso", utc=True)


def init_app(app: Flask) -> None:
    configure(app.config["LOG_FORMAT"], app.config["LOG_LEVEL"])
    app.extensions["request_log"] = _request_log(
        app.config["LOG_FORMAT"], logging.getLevelName(app.config["LOG_LEVEL"])
    )
    app.before_request(_number_the_request)
    app.after_request(_tell_the_request)
    # Flask's own line holds the path.
    app.log_exception = _tell_what_broke  # type: ignore[method-assign]


def configure(log_format: str, level: str) -> None:
    """Lead every line of this process through one handler; the last call holds."""
    handler = logging.StreamHandler(cast(TextIO, _output))
    handler.set_name(HANDLER)
    handler.addFilter(_is_wanted)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[
                structlog.contextvars.merge_contextvars,
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                _timestamp,
            ],
            processors=[
                ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _renderer(log_format),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [other for other in root.handlers if other.get_name() != HANDLER]
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for name in SPEAKERS:
        logging.getLogger(name).setLevel(level)


def server_settings() -> dict[str, object]:
    """For granian, which would else print its lines itself."""
    return {"formatters": {}, "handlers": {}, "loggers": {"_granian": {"propagate": True}}}


class _Output:
    """Flask's own stream, silent when nobody reads on: a closed terminal, an ended `| tee`.

    Python keeps what it could not write, and would fail once more at the end.
    """

    def write(self, text: str) -> None:
        try:
            _stream.write(text)
            _stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())

    def flush(self) -> None:
        """`write` has done it."""


class _Lines:
    """The handler's stream, for lines that are whole."""

    def debug(self, line: str) -> None:
        _output.write(f"{line}\n")

    info = debug


_stream = cast(TextIO, wsgi_errors_stream)
_output = _Output()


def _request_log(log_format: str, level: int) -> FilteringBoundLogger:
    """The same lines, without the standard library's detour: there is one for each request."""
    log: FilteringBoundLogger = structlog.wrap_logger(
        _Lines(),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _timestamp,
            _renderer(log_format),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
    return log.bind(logger="flaskblog.requests")


def _renderer(log_format: str) -> Processor:
    return structlog.processors.JSONRenderer() if log_format == "json" else _for_people


def _for_people(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """A third of the time of structlog's own, which colours, pads and shows variables."""
    time, level, logger = event.pop("timestamp"), event.pop("level"), event.pop("logger")
    words, trace = str(event.pop("event")), event.pop("exception", "")
    line = f"{time} {level:7} {logger}: {words}".replace("\n", "\n    ")
    for name, value in event.items():
        line += f" {name}={value}"
    return f"{line}\n{trace}" if trace else line


def _is_wanted(record: logging.LogRecord) -> bool:
    return record.levelno > logging.INFO or not any(words in str(record.msg) for words in UNWANTED)


def _number_the_request() -> None:
    g.request_id = token_hex(8)
    g.began_at = perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _tell_the_request(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.request_id
    log: FilteringBoundLogger = current_app.extensions["request_log"]
    level = logging.DEBUG if request.endpoint in QUIET else logging.INFO
    if not log.is_enabled_for(level):
        return response
    log.log(
        level,
        "request",
        method=request.method,
        rule=request.url_rule.rule if request.url_rule else None,
        endpoint=request.endpoint,
        status=response.status_code,
        milliseconds=round((perf_counter() - g.began_at) * 1000, 1),
        person=_person_id(),
    )
    return response


def _person_id() -> int | None:
    """Whoever a view has asked for: to write a line must not cost a look into the database."""
    user = g.get("_login_user")
    if user is None or user.is_anonymous:
        return None
    identity = inspect(user).identity
    return int(identity[0]) if identity else None


def _tell_what_broke(exc_info: ExcInfo) -> None:
    current_app.logger.error("broken: request %s", g.request_id, exc_info=exc_info)
