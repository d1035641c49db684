"""A huey queue stored beside the database and bound to an application by `init_app`."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any

import psycopg
from flask import Flask
from huey import MemoryHuey
from huey.api import Task
from huey.storage import PostgresStorage, SqliteStorage
from sqlalchemy.engine import make_url

from flaskblog.database.base import SCHEMA_LOCK

QUEUE_ERRORS = (sqlite3.Error, psycopg.Error)


class Queue(MemoryHuey):
    """Runs each task in an application context.

    A task is lost if its process is killed: work that must not be lost is a row in the database,
    and the queue only wakes the worker. Long tasks check `stopping` between their steps.
    """

    app: Flask
    storage: Any

    def __init__(self) -> None:
        self.stopping = Event()
        super().__init__("flaskblog", results=False)

    def init_app(self, app: Flask) -> None:
        self.app = app
        self.storage.close()
        url = make_url(app.config["SQLALCHEMY_DATABASE_URI"])
        if url.get_backend_name() == "sqlite":
            path = Path(app.instance_path, url.database or "flaskblog.db")
            path.parent.mkdir(parents=True, exist_ok=True)
            self.storage = SqliteStorage(self.name, filename=str(path.with_suffix(".queue.db")))
        else:
            dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
            self.storage = _PostgresStorage(self.name, dsn=dsn, connect_timeout=5)
        # Opened again when it is used: a command that needs the database alone waits for this one.
        self.storage.close()

    def execute(self, task: Task, timestamp: datetime | None = None) -> Any:
        with self.app.app_context():
            return super().execute(task, timestamp)


class _PostgresStorage(PostgresStorage):
    ddl: Sequence[str]

    def initialize_schema(self) -> None:
        """Holds a lock: PostgreSQL fails one of two processes that create the same table."""
        self.ddl = (f"select pg_advisory_xact_lock({SCHEMA_LOCK})", *self.ddl)
        super().initialize_schema()
