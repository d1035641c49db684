"""The processes of the site, side by side: `flask --app run start`."""

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

from flaskblog import worker
from flaskblog.forks import end_with_parent, prepare
from flaskblog.server import LAST_ANSWERS, serve

_log = logging.getLogger(__name__)
# A terminal that closes sends HUP.
_ENDS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
_AWAITED = _ENDS | {signal.SIGCHLD}
_PATIENCE = LAST_ANSWERS + 5  # seconds


@click.option("--debug", is_flag=True, help="Reload what is edited, and show a debugger.")
def start(debug: bool) -> None:
    """Bring the database up to date, and run web server and worker until one of them ends."""
    try:
        upgrade()
    except OperationalError as error:
        raise click.ClickException(
            f"The database cannot be brought up to date: {error.orig}"
        ) from None
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    prepare(app)
    sys.exit(run({"web": _serve_debugger if debug else partial(serve, app), "worker": worker.run}))


def run(tasks: dict[str, Callable[[], None]]) -> int:
    """Fork a process for each task; when one ends or a signal comes, end them all.

    Returns the exit code of the process that ended by itself, 0 after a signal.
    """
    # Without a handler, some systems drop this one unseen.
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_BLOCK, _AWAITED)
    processes = [_fork(name, task) for name, task in tasks.items()]
    while signal.sigwait(_AWAITED) not in _ENDS:
        codes = [process.exitcode for process in processes if process.exitcode is not None]
        if codes:
            break
    else:
        codes = [0]
    _end(processes)
    return codes[0]


def _fork(name: str, task: Callable[[], None]) -> ForkProcess:
    process = get_context("fork").Process(name=name, target=_do, args=[task])
    process.start()
    _log.info("%s started (pid=%d)", name, process.pid)
    return process


def _do(task: Callable[[], None]) -> None:
    os.setsid()  # Ctrl-C is for the parent alone
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _AWAITED)
    end_with_parent()
    task()


def _end(processes: list[ForkProcess]) -> None:
    """Ask first, then insist."""
    insist_at = time.monotonic() + _PATIENCE
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(max(0, insist_at - time.monotonic()))
        process.kill()
        process.join()


def _serve_debugger() -> None:
    address = ["--host", current_app.config["HOST"], "--port", str(current_app.config["PORT"])]
    command = [sys.executable, "-m", "flask", "--app", "run", "run", "--debug", *address]
    os.execv(sys.executable, command)  # noqa: S606
