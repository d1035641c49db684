"""The web server: a process that listens, and its workers, which answer."""

import os
import signal
import socket
from functools import partial
from multiprocessing import get_start_method
from tempfile import TemporaryDirectory

import click
from flask import Flask
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from flaskblog import logs, metrics
from flaskblog.forks import end_with_parent

# Seconds that a process has, once it is told to stop, for the requests in its hands.
LAST_ANSWERS = 30
_END = {signal.SIGTERM}


def serve(app: Flask) -> None:
    """Listen at `HOST` and `PORT` until stopped.

    Raises `SystemExit` with one line when nobody can listen there.
    """
    host, port = app.config["HOST"], app.config["PORT"]
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        raise SystemExit(f"Flaskblog cannot start. HOST and PORT: {error.strerror}") from None
    server = Granian(
        "run:app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=app.config["WORKERS"],
        blocking_threads=app.config["THREADS"],
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=LAST_ANSWERS,
        log_level=LogLevels(app.config["LOG_LEVEL"].lower()),
        log_dictconfig=logs.server_settings(),
    )
    server.on_startup(partial(_greet, app))
    _let_new_workers_end()
    with TemporaryDirectory(prefix="flaskblog-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        metrics.count_in(folder, app)
        # Workers that are no forks, as on macOS, make `run:app` themselves.
        is_forked = get_start_method() == "fork"
        server.serve(target_loader=partial(_load, app) if is_forked else None, wrap_loader=False)


def _let_new_workers_end() -> None:
    """Granian's own handler, which a fork inherits, would swallow what its worker is told."""
    os.register_at_fork(
        before=partial(signal.pthread_sigmask, signal.SIG_BLOCK, _END),
        after_in_parent=partial(signal.pthread_sigmask, signal.SIG_UNBLOCK, _END),
        after_in_child=_begin_worker,
    )


def _begin_worker() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _END)


def _load(app: Flask) -> Flask:
    end_with_parent()
    return app


def _greet(app: Flask) -> None:
    greeting = f"{app.config['SITE_NAME']} is at {app.config['SITE_URL']}"
    if app.config["LOG_FORMAT"] == "json":
        app.logger.info(greeting)
    else:
        click.echo(f"\n  {greeting}\n")
