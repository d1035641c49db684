"""Running `flask` commands as a shell does."""

import contextvars

from click.testing import Result
from flask import Flask, has_app_context

from flaskblog.extensions import db


def run_command(app: Flask, *arguments: str, typed: str = "") -> Result:
    """Run a command in a context of its own, after the test's transaction has ended."""
    if has_app_context():
        db.session.rollback()
    invoke = app.test_cli_runner().invoke
    return contextvars.Context().run(invoke, args=list(arguments), input=typed or None)
