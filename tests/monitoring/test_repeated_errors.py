"""Errors that repeat: one traceback a minute, and the number of what was suppressed."""

import logging
from collections.abc import Callable, Iterator
from io import StringIO

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from flaskblog.media.store import MediaError
from flaskblog.monitoring import logs
from flaskblog.monitoring.repeated_errors import MAX_CAUSES, PERIOD, RepeatedErrorsHandler
from tests.conftest import make_app
from tests.support.client import browser

TRACEBACK = "Traceback (most recent call last)"


class Log:
    """A logger whose handler has a clock of its own."""

    def __init__(self) -> None:
        self.time = 0.0
        self._stream = StringIO()
        self.logger = logging.Logger("test")
        self.logger.addHandler(RepeatedErrorsHandler(self._stream, lambda: self.time))

    def error(self, message: str, *values: object, by: Callable[[], None]) -> None:
        try:
            by()
        except Exception:
            self.logger.exception(message, *values)

    def read(self) -> str:
        """What was written since the last call."""
        written = self._stream.getvalue()
        self._stream.seek(0)
        self._stream.truncate()
        return written


@pytest.fixture
def log() -> Log:
    return Log()


def lose_database() -> None:
    raise OperationalError("SELECT 1", {}, Exception("connection refused"))


def fill_disk() -> None:
    raise OperationalError("INSERT", {}, Exception("disk full"))


def fail() -> None:
    raise RuntimeError("one")


def fail_elsewhere() -> None:
    raise RuntimeError("one")


def test_an_expected_error_is_written_once_a_minute_with_the_number_of_repetitions(
    log: Log,
) -> None:
    for number in range(500):
        log.error("request %s failed", number, by=lose_database)
    written = log.read()
    assert written.count("failed") == written.count(TRACEBACK) == 1
    log.time = PERIOD + 1
    log.error("request %s failed", "last", by=lose_database)
    written = log.read()
    assert "suppressed 499 times in 60 seconds" in written
    assert written.count("request last failed") == written.count(TRACEBACK) == 1


def test_the_number_of_repetitions_is_written_by_the_next_record_of_any_kind(log: Log) -> None:
    for _ in range(3):
        log.error("failed", by=lose_database)
    log.read()
    log.time = PERIOD + 1
    log.error("something else", by=fail)
    assert log.read().startswith("'failed' was suppressed 2 times")
    log.time *= 2
    log.error("something else", by=fail_elsewhere)
    assert "suppressed" not in log.read()


def test_each_expected_cause_has_its_own_line(log: Log) -> None:
    for _ in range(5):
        for message in ("page", "mail"):
            for cause in (lose_database, fill_disk):
                log.error(message, by=cause)
    written = log.read()
    assert (written.count("page\n"), written.count("mail\n"), written.count(TRACEBACK)) == (2, 2, 4)


def test_an_unexpected_error_has_a_line_for_each_request_and_one_traceback_a_minute(
    log: Log,
) -> None:
    for number in range(20):
        log.error("request %s failed", number, by=fail)
        log.error("request %s failed", number, by=fail_elsewhere)
    written = log.read()
    assert [written.count(f"request {number} failed\n") for number in range(20)] == [2] * 20
    assert written.count(TRACEBACK) == 2
    log.time = PERIOD + 1
    log.error("request %s failed", "last", by=fail)
    assert log.read().count(TRACEBACK) == 1


def test_the_memory_of_causes_is_bounded(log: Log) -> None:
    log.error("first", by=lose_database)
    for number in range(MAX_CAUSES):
        log.error(f"failed {number}", by=lose_database)
    log.read()
    log.error(f"failed {MAX_CAUSES - 1}", by=lose_database)
    assert log.read() == ""
    log.error("first", by=lose_database)
    assert TRACEBACK in log.read(), "the oldest cause is forgotten"


def test_other_handlers_get_the_complete_record(log: Log, caplog: pytest.LogCaptureFixture) -> None:
    log.logger.addHandler(caplog.handler)
    for _ in range(3):
        log.error("failed", by=fail)
    assert [record.exc_info is not None for record in caplog.records] == [True] * 3


@pytest.fixture
def site(database_url: str) -> Iterator[Flask]:
    site = make_app(database_url)
    site.config["PROPAGATE_EXCEPTIONS"] = False
    yield site
    logs.configure("console", "INFO")


@pytest.mark.parametrize("error", [lose_database, fail])
def test_an_outage_writes_few_lines(
    site: Flask, capsys: pytest.CaptureFixture[str], error: Callable[[], None]
) -> None:
    def lose_media() -> None:
        raise MediaError("bucket unavailable")

    site.view_functions["main.about"] = error  # type: ignore[assignment]
    site.view_functions["main.home"] = lose_media  # type: ignore[assignment]
    identifiers = {browser(site).get("/about").headers["X-Request-ID"] for _ in range(30)}
    identifiers |= {browser(site).get("/").headers["X-Request-ID"] for _ in range(30)}
    lines = capsys.readouterr().err
    assert lines.count(TRACEBACK) == 2
    assert sum("flaskblog.requests: request" in line for line in lines.splitlines()) == 60
    assert all(identifier in lines for identifier in identifiers)
    unavailable = sum("unavailable, request" in line for line in lines.splitlines())
    unhandled = sum("unhandled exception" in line for line in lines.splitlines())
    assert (unavailable, unhandled) == ((2, 0) if error is lose_database else (1, 30))
    assert ("error=RuntimeError" in lines) == (error is fail)
