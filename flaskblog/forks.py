"""Processes that begin as copies of one another: what they share, and when they end."""

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


def prepare(app: Flask) -> None:
    """Make what all copies need, and close what no two of them may use.

    Memory is shared until somebody writes to it, as a look for garbage would.
    """
    with app.test_request_context():
        with suppress(SQLAlchemyError):
            app.dispatch_request()  # the front page: its templates, its statements, every mapper
        db.session.remove()
        db.engine.dispose()
    queue.storage.close()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def end_with_parent() -> None:
    """Be told to stop once the parent is gone: killed, it could not say so itself."""
    parent = parent_process()
    if parent is not None:
        Thread(target=_watch, args=[parent.pid], daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)
