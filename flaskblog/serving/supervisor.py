"""Supervisor of web server and worker: `flask --app run start`."""

import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from multiprocessing import get_context
from multiprocessing.context import ForkProcess

import click
from flask import current_app
from flask_migrate import upgrade
from sqlalchemy.exc import OperationalError

from flaskblog.serving import worker
from flaskblog.serving.preload import exit_with_parent, preload
from flaskblog.serving.server import SHUTDOWN_TIMEOUT, check_address, serve

_log = logging.getLogger(__name__)
# SIGHUP is sent by a closed terminal.
_STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
_WAIT_SIGNALS = _STOP_SIGNALS | {signal.SIGCHLD}
_STOP_TIMEOUT = SHUTDOWN_TIMEOUT + 5  # seconds


@click.option("--debug", is_flag=True, help="Reload on changes, and show the debugger.")
def start(debug: bool) -> None:
    """Upgrade the database, then run web server and worker until one of them ends."""
    check_address(current_app.config["HOST"], current_app.config["PORT"])
    try:
        upgrade()
    except OperationalError as error:
        raise click.ClickException(f"The database cannot be upgraded: {error.orig}") from None
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    preload(app)
    sys.exit(
        run({"web": _serve_with_debugger if debug else partial(serve, app), "worker": worker.run})
    )


def run(tasks: dict[str, Callable[[], None]]) -> int:
    """Fork a process for each task; stop all when one ends or on a signal.

    Returns the exit code of the process that ended by itself, or 0 after a signal.
    """
    # Some systems discard SIGCHLD unless it has a handler.
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_BLOCK, _WAIT_SIGNALS)
    processes = [_fork(name, task) for name, task in tasks.items()]
    while signal.sigwait(_WAIT_SIGNALS) not in _STOP_SIGNALS:
        codes = [process.exitcode for process in processes if process.exitcode is not None]
        if codes:
            break
    else:
        codes = [0]
    _stop(processes)
    return codes[0]


def _fork(name: str, task: Callable[[], None]) -> ForkProcess:
    process = get_context("fork").Process(name=name, target=_run_task, args=[task])
    process.start()
    _log.info("%s started (pid=%d)", name, process.pid)
    return process


def _run_task(task: Callable[[], None]) -> None:
    os.setsid()  # the terminal sends Ctrl-C to the supervisor only
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _WAIT_SIGNALS)
    exit_with_parent()
    task()


def _stop(processes: list[ForkProcess]) -> None:
    """Send SIGTERM, then SIGKILL after the timeout."""
    deadline = time.monotonic() + _STOP_TIMEOUT
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(max(0, deadline - time.monotonic()))
        process.kill()
        process.join()


def _serve_with_debugger() -> None:
    address = ["--host", current_app.config["HOST"], "--port", str(current_app.config["PORT"])]
    command = [sys.executable, "-m", "flask", "--app", "run", "run", "--debug", *address]
    os.execv(sys.executable, command)  # noqa: S606
