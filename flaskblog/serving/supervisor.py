"""Supervisor of web server and worker: `flask --app run start`."""

import os
import signal
import sys
import time
from collections.abc import Callable
from functools import partial

import click
from flask import current_app

from flaskblog.backup.errors import BackupError
from flaskblog.backup.upgrade import upgrade
from flaskblog.serving import worker
from flaskblog.serving.preload import preload
from flaskblog.serving.server import SHUTDOWN_TIMEOUT, check_address, serve
from flaskblog.serving.service import Service

# SIGHUP is sent by a closed terminal.
_STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
_WAIT_SIGNALS = _STOP_SIGNALS | {signal.SIGCHLD, signal.SIGALRM}
_STOP_TIMEOUT = SHUTDOWN_TIMEOUT + 5  # seconds


@click.option("--debug", is_flag=True, help="Reload on changes, and show the debugger.")
@click.option("--no-backup", is_flag=True, help="Make no backup before a migration.")
def start(debug: bool, no_backup: bool) -> None:
    """Upgrade the database after a backup, then run web server and worker until stopped."""
    check_address(current_app.config["HOST"], current_app.config["PORT"])
    try:
        upgrade(with_backup=not no_backup)
    except BackupError as error:
        raise click.ClickException(str(error)) from None
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    preload(app)
    sys.exit(
        run({"web": _serve_with_debugger if debug else partial(serve, app), "worker": worker.run})
    )


def run(tasks: dict[str, Callable[[], None]]) -> int:
    """Fork a process for each task, and start each again that ends, until a signal stops all.

    Returns 0, or the exit code of a process that fails when it is first started.
    """
    # Some systems discard SIGCHLD unless it has a handler.
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_BLOCK, _WAIT_SIGNALS)
    services = [Service(name, task, _WAIT_SIGNALS) for name, task in tasks.items()]
    code = 0
    while not code and signal.sigwait(_WAIT_SIGNALS) not in _STOP_SIGNALS:
        code = _check(services)
    _stop(services)
    return code


def _check(services: list[Service]) -> int:
    """Start ended processes again, or set the alarm for it; return the code of a failed start."""
    if failure := max(service.start_failure for service in services):
        return failure
    waits = [wait for service in services if (wait := service.check()) is not None]
    signal.setitimer(signal.ITIMER_REAL, min(waits, default=0))
    return 0


def _stop(services: list[Service]) -> None:
    """Send SIGTERM, then SIGKILL after the timeout."""
    deadline = time.monotonic() + _STOP_TIMEOUT
    for service in services:
        service.terminate()
    for service in services:
        service.join(max(0, deadline - time.monotonic()))


def _serve_with_debugger() -> None:
    address = ["--host", current_app.config["HOST"], "--port", str(current_app.config["PORT"])]
    command = [sys.executable, "-m", "flask", "--app", "run", "run", "--debug", *address]
    os.execv(sys.executable, command)  # noqa: S606
