"""Whether anything was committed since one looked last, for the price of a glance."""

import sqlite3
from collections.abc import Hashable
from threading import Lock
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import Engine, event
from sqlalchemy.exc import SQLAlchemyError

from flaskblog.extensions import db

# SQLite counts what other connections commit, in whatever process; this connection never writes.
# PostgreSQL tells which transactions a query sees: where that is the same, so is all it finds.
QUESTIONS = {"sqlite": "PRAGMA data_version", "postgresql": "SELECT pg_current_snapshot()"}


def init_app(app: Flask) -> None:
    app.extensions["database_state"] = DatabaseState(app)


class DatabaseState:
    """A connection that only asks; opened at the first question, and anew after an error."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._connection: Any = None
        self._question = ""
        self._times_opened = 0
        self._lock = Lock()

    def read(self) -> Hashable | None:
        """Equal to an earlier answer only if nothing was committed between the two.

        None when the database does not tell.
        """
        with self._lock:
            try:
                if self._connection is None:
                    self._open()
                # Another connection counts from another number.
                asked = self._connection.dbapi_connection.execute(self._question)
                return self._times_opened, *asked.fetchone()
            except (sqlite3.Error, psycopg.Error, SQLAlchemyError):
                self._close()
                return None

    def _open(self) -> None:
        with self._app.app_context():
            engine = db.engine
        self._connection = engine.raw_connection()
        self._connection.detach()
        if engine.dialect.name == "postgresql":
            self._connection.dbapi_connection.autocommit = True
        self._question = QUESTIONS[engine.dialect.name]
        self._times_opened += 1
        event.listen(engine, "engine_disposed", self._close_with, once=True)

    def _close_with(self, _engine: Engine) -> None:
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
