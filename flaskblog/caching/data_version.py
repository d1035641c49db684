"""The version of the data: whether anything was committed since the last look."""

import sqlite3
from collections.abc import Hashable
from threading import Lock
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import Engine, event
from sqlalchemy.exc import SQLAlchemyError

from flaskblog.extensions import db

# SQLite counts the commits of other connections, in every process; this connection never writes.
# PostgreSQL names the transactions that a query sees: for the same ones it finds the same rows.
ERRORS = (sqlite3.Error, psycopg.Error, SQLAlchemyError)
QUERIES = {"sqlite": "PRAGMA data_version", "postgresql": "SELECT pg_current_snapshot()"}


def init_app(app: Flask) -> None:
    app.extensions["data_version"] = DataVersion(app)


class DataVersion:
    """Reads the version on a connection of its own, opened on first use and after an error."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._connection: Any = None
        self._cursor: Any = None  # kept, since making one takes as long as the query
        self._query = ""
        self._times_opened = 0
        self._lock = Lock()

    def fetch_one(self, query: str) -> tuple[Any, ...] | None:
        """Return the first row of a query of a few microseconds, or None, also after an error."""
        with self._lock:
            try:
                if self._connection is None:
                    self._open()
                row: tuple[Any, ...] | None = self._connection.dbapi_connection.execute(
                    query
                ).fetchone()
            except ERRORS:
                self._close()
                return None
            return row

    def read(self) -> Hashable | None:
        """Return a value that is equal to an earlier one only if nothing was committed since.

        Return None if the database is unavailable.
        """
        with self._lock:
            try:
                if self._connection is None:
                    self._open()
                row = self._cursor.execute(self._query).fetchone()
            except ERRORS:
                self._close()
                return None
            # SQLite's counter differs between connections.
            return self._times_opened, *row

    def _open(self) -> None:
        with self._app.app_context():
            engine = db.engine
        self._connection = engine.raw_connection()
        self._connection.detach()
        if engine.dialect.name == "postgresql":
            self._connection.dbapi_connection.autocommit = True
        self._cursor = self._connection.dbapi_connection.cursor()
        self._query = QUERIES[engine.dialect.name]
        self._times_opened += 1
        event.listen(engine, "engine_disposed", self._on_engine_disposed, once=True)

    def _on_engine_disposed(self, _engine: Engine) -> None:
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
