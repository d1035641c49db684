"""The web server: a listening process and its workers."""

import os
import signal
import socket
from functools import partial
from importlib import import_module
from multiprocessing import get_start_method
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import click
from flask import Flask
from granian import Granian
from granian.constants import Interfaces, RuntimeModes
from granian.log import LogLevels
from granian.server.common import AbstractServer

from flaskblog.backup import scratch
from flaskblog.monitoring import logs, metrics
from flaskblog.serving.gateway import Gateway
from flaskblog.serving.preload import exit_with_parent
from flaskblog.serving.slots import Slots

# Seconds for running requests to finish after SIGTERM.
SHUTDOWN_TIMEOUT = 30
METRICS_PREFIX = "flaskblog-metrics-"
_TERM = {signal.SIGTERM}


def serve(app: Flask) -> None:
    """Listen at `HOST` and `PORT` until stopped.

    Raises `SystemExit` with one line if the address is not available.
    """
    check_address(app.config["HOST"], app.config["PORT"])
    server = _server(app)
    server.on_startup(partial(_print_url, app))
    _handle_sigterm_in_workers()
    scratch.remove_abandoned(METRICS_PREFIX, Path(gettempdir()))
    with scratch.folder(METRICS_PREFIX) as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
        metrics.start_counting(app, str(folder))
        # Spawned workers, as on macOS, import `run:app` themselves.
        shared = app if get_start_method() == "fork" else None
        server.serve(target_loader=partial(_load_app, shared, folder), wrap_loader=False)


def check_address(host: str, port: int) -> None:
    """Raises `SystemExit` with one line if the address is not available."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        raise SystemExit(f"Flaskblog cannot start. HOST and PORT: {error.strerror}") from None


def _server(app: Flask) -> AbstractServer[Any]:
    return Granian(
        "run:app",
        address=app.config["HOST"],
        port=app.config["PORT"],
        interface=Interfaces.RSGI,
        workers=app.config["WORKERS"],
        websockets=False,
        # The default leaves sending to the thread of the event loop.
        runtime_mode=RuntimeModes.mt,
        respawn_failed_workers=True,
        workers_kill_timeout=SHUTDOWN_TIMEOUT,
        log_level=LogLevels(app.config["LOG_LEVEL"].lower()),
        log_dictconfig=logs.server_settings(),
    )


def _handle_sigterm_in_workers() -> None:
    """A fork inherits granian's handler, which ignores the signal until the worker is ready."""
    os.register_at_fork(
        before=partial(signal.pthread_sigmask, signal.SIG_BLOCK, _TERM),
        after_in_parent=partial(signal.pthread_sigmask, signal.SIG_UNBLOCK, _TERM),
        after_in_child=_restore_sigterm,
    )


def _restore_sigterm() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _TERM)


def _load_app(app: Flask | None, folder: Path) -> Any:
    exit_with_parent()
    return Gateway(app or import_module("run").app, Slots(folder / "bodies"))


def _print_url(app: Flask) -> None:
    message = f"{app.config['SITE_NAME']} is at {app.config['SITE_URL']}"
    if app.config["LOG_FORMAT"] == "json":
        app.logger.info(message)
    else:
        click.echo(f"\n  {message}\n")
