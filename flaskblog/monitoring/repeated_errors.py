"""Errors that repeat: an outage must not fill the disk with tracebacks."""

import logging
from collections.abc import Callable
from copy import copy
from time import monotonic
from typing import TextIO

from cachetools import TTLCache
from psycopg import OperationalError as PostgresError
from redis import RedisError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from flaskblog.media.store import MediaError

PERIOD = 60  # seconds
MAX_CAUSES = 100
MAX_CAUSE_LENGTH = 200
# Something that the site needs is unavailable: one line says it, and a traceback adds nothing.
EXPECTED = (OperationalError, PoolTimeoutError, PostgresError, RedisError, MediaError)


class Cause:
    """Where an error was first logged, and how often it has been suppressed since."""

    def __init__(self, first: logging.LogRecord) -> None:
        self.name, self.level, self.message = first.name, first.levelno, str(first.msg)
        self.suppressed = 0


class RepeatedErrorsHandler(logging.StreamHandler[TextIO]):
    """Writes the traceback of each error once in `PERIOD`.

    Repetitions of an expected error are counted, and their number is written when the period has
    ended; of other errors each has a line.
    """

    def __init__(self, stream: TextIO, timer: Callable[[], float] = monotonic) -> None:
        super().__init__(stream)
        self._causes: TTLCache[tuple[object, ...], Cause] = TTLCache(MAX_CAUSES, PERIOD, timer)

    def emit(self, record: logging.LogRecord) -> None:
        for _, cause in self._causes.expire():
            if cause.suppressed:
                super().emit(_summary(cause))
        error = record.exc_info[1] if record.exc_info else None
        if error is None:
            super().emit(record)
            return
        key = _key(record, error)
        if key not in self._causes:
            self._causes[key] = Cause(record)
            super().emit(record)
        elif isinstance(error, EXPECTED):
            self._causes[key].suppressed += 1
        else:
            super().emit(_without_traceback(record, error))


def _key(record: logging.LogRecord, error: BaseException) -> tuple[object, ...]:
    """An expected error is known by its message, another one by the line that raised it."""
    message = (record.name, str(record.msg)[:MAX_CAUSE_LENGTH], type(error))
    if isinstance(error, EXPECTED):
        return (*message, str(getattr(error, "orig", error))[:MAX_CAUSE_LENGTH])
    traceback = error.__traceback__
    while traceback and traceback.tb_next:
        traceback = traceback.tb_next
    return (*message, traceback and (traceback.tb_frame.f_code.co_filename, traceback.tb_lineno))


def _summary(cause: Cause) -> logging.LogRecord:
    message = "%r was suppressed %s times in %s seconds"
    arguments = (cause.message, cause.suppressed, PERIOD)
    return logging.LogRecord(cause.name, cause.level, __file__, 0, message, arguments, None)


def _without_traceback(record: logging.LogRecord, error: BaseException) -> logging.LogRecord:
    """A copy: other handlers have the same record."""
    short = copy(record)
    short.exc_info = short.exc_text = None
    short.error = type(error).__name__
    return short
