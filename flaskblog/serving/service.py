"""A process of the running site, which the supervisor starts again when it ends."""

import logging
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context

from flaskblog.extensions import queue
from flaskblog.extensions.task_queue import QUEUE_ERRORS
from flaskblog.monitoring.recent_events import restarts
from flaskblog.serving.preload import exit_with_parent

_log = logging.getLogger(__name__)
# Seconds until an ended process is started again, doubled each time that it ends early.
MIN_DELAY = 1
MAX_DELAY = 60
# Seconds after which a process is stable: the next delay is the shortest again.
STABLE_AFTER = 60
# Seconds within which the first process gives up on a wrong setting or a busy port.
START_TIMEOUT = 5


class Backoff:
    def __init__(self) -> None:
        self._delay = 0

    def next_delay(self, lived: float) -> int:
        """Return the seconds to wait after a process that has lived for `lived` seconds."""
        is_stable = lived >= STABLE_AFTER
        self._delay = MIN_DELAY if is_stable else min(self._delay * 2 or MIN_DELAY, MAX_DELAY)
        return self._delay


class Service:
    """Runs `task` in a process of its own; `handled` are signals that only the parent blocks."""

    def __init__(self, name: str, task: Callable[[], None], handled: set[signal.Signals]) -> None:
        self._name = name
        self._task = task
        self._handled = handled
        self._backoff = Backoff()
        self._restarts = 0
        self._begin()

    @property
    def start_failure(self) -> int:
        """The exit code of the first process if it gave up, or 0."""
        is_first = not self._restarts and self._age() < START_TIMEOUT
        return max(self._process.exitcode or 0, 0) if is_first else 0

    def check(self) -> float | None:
        """Start an ended process again when it is time; return the seconds until then, or None."""
        if self._process.exitcode is None:
            return None
        if self._due_at is None:
            return self._schedule_restart(self._process.exitcode)
        if (remaining := self._due_at - time.monotonic()) > 0:
            return remaining
        self._restarts += 1
        self._process.close()
        self._begin()
        return None

    def terminate(self) -> None:
        self._process.terminate()

    def join(self, timeout: float) -> None:
        """Wait for the end of the process, and kill it after the timeout."""
        self._process.join(timeout)
        self._process.kill()
        self._process.join()

    def _begin(self) -> None:
        self._due_at: float | None = None
        self._process = get_context("fork").Process(name=self._name, target=self._run)
        self._started_at = time.monotonic()
        self._process.start()
        _log.info("%s started (pid=%d)", self._name, self._process.pid)

    def _schedule_restart(self, code: int) -> int:
        if self._process.pid:
            # Its own children would keep the port; they finish the requests under way.
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGTERM)
        age = self._age()
        delay = self._backoff.next_delay(age)
        self._due_at = time.monotonic() + delay
        _log.error(
            "%s ended with %s after %d s, starts again in %d s",
            self._name, _reason(code), age, delay,
        )  # fmt: skip
        return delay

    def _age(self) -> float:
        return time.monotonic() - self._started_at

    def _run(self) -> None:
        os.setsid()  # the terminal sends Ctrl-C to the supervisor only
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, self._handled)
        exit_with_parent()
        if self._restarts:
            self._record_restart()
        self._task()

    def _record_restart(self) -> None:
        """Here and not in the supervisor, which must not open a connection."""
        try:
            restarts.record(self._name)
        except QUEUE_ERRORS:
            _log.warning("the restart of %s could not be recorded", self._name, exc_info=True)
        finally:
            queue.storage.close()  # before the web server forks


def _reason(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
