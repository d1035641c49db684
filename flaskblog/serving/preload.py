"""Preparation of an application for forking, and the end of the forked processes."""

import gc
import os
import signal
import time
from contextlib import suppress
from multiprocessing import parent_process
from threading import Thread

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from flaskblog.extensions import db, queue


def preload(app: Flask) -> None:
    """Load what all forks need, and close the connections that they must not share.

    Memory is shared until it is written to, as garbage collection would do: it skips what is here.
    """
    with app.test_request_context():
        with suppress(SQLAlchemyError):
            app.dispatch_request()  # the home page: its templates, its statements, every mapper
        db.session.remove()
        db.engine.dispose()
    queue.storage.close()
    gc.freeze()
    gc.set_threshold(5_000, 10, 10)


def exit_with_parent() -> None:
    """Send SIGTERM to this process when its parent has died, even by SIGKILL."""
    parent = parent_process()
    if parent is not None:
        Thread(target=_watch_parent, args=[parent.pid], daemon=True).start()


def _watch_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)
