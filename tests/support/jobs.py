"""Jobs of the worker, run as the worker runs them."""

import contextvars
from typing import Any

from flask import Flask

from flaskblog.extensions import db


def run_job(app: Flask, job: Any) -> None:
    """Run a huey task in a fresh context, so that only what it commits is seen afterwards."""

    def run() -> None:
        with app.app_context():
            job.call_local()

    db.session.rollback()  # the job must not wait for a transaction of the test
    contextvars.Context().run(run)
    db.session.rollback()
