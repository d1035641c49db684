"""Health checks for `/readyz`, `/metrics` and `flask --app run doctor`; messages hold no secret."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path

from alembic.script import ScriptDirectory
from flask import current_app
from humanize import naturaldelta, naturalsize
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from flaskblog.backup import backups
from flaskblog.database.base import now
from flaskblog.extensions import db, queue
from flaskblog.extensions.rate_limits import redis_state
from flaskblog.extensions.task_queue import QUEUE_ERRORS
from flaskblog.models import Mail
from flaskblog.monitoring import heartbeat
from flaskblog.monitoring.disk import data_dirs
from flaskblog.monitoring.failures import has_failed_backup
from flaskblog.monitoring.recent_events import restarts
from flaskblog.text.phrases import count
from flaskblog.web import maintenance

# The heartbeat is once a minute.
WORKER_TIMEOUT = timedelta(minutes=3)
MAX_QUEUE_LENGTH = 500
MAX_MAIL_AGE = timedelta(minutes=15)
# The worker takes a backup each night.
MAX_BACKUP_AGE = timedelta(hours=36)
# Bytes: about a day of pictures and posts, and one large write.
LOW_SPACE = 1024**3
MIN_SPACE = 100 * 1024**2


class State(StrEnum):
    """A site with a warning keeps serving; one that is failing should receive no requests."""

    OK = "ok"
    WARNING = "warning"
    FAILING = "failing"


@dataclass(frozen=True)
class Finding:
    state: State
    message: str
    remedy: str = ""


Check = Callable[[], Finding]
DATABASE_DOWN = Finding(
    State.FAILING,
    "The database does not answer.",
    "Start it, and check DATABASE_URL: host, port, name and password.",
)
NOT_MIGRATED = Finding(
    State.FAILING,
    "The database is not migrated: it has no tables yet.",
    "Run: flask --app run upgrade",
)


def ok(message: str) -> Finding:
    return Finding(State.OK, message)


def warning(message: str, remedy: str) -> Finding:
    return Finding(State.WARNING, message, remedy)


def failing(message: str, remedy: str) -> Finding:
    return Finding(State.FAILING, message, remedy)


def run_checks(checks: dict[str, Check]) -> dict[str, Finding]:
    """Never raises; after a failed database check, those that need the database are skipped."""
    findings: dict[str, Finding] = {}
    for name, check in checks.items():
        if unknown := _unknown(name, findings):
            findings[name] = unknown
            continue
        try:
            findings[name] = check()
        except (SQLAlchemyError, *QUEUE_ERRORS) as error:
            reason = str(error).splitlines()[0]
            current_app.logger.warning("health check %s failed: %s", name, reason)
            findings[name] = DATABASE_DOWN
    return findings


def _unknown(name: str, findings: dict[str, Finding]) -> Finding | None:
    if name in DATABASE_CHECKS and findings.get("database") == DATABASE_DOWN:
        return warning("Unknown while the database is unavailable.", "")
    schema_finding = findings.get("schema")
    if name in TABLE_CHECKS and schema_finding and schema_finding.state == State.FAILING:
        return warning("Unknown until the database is migrated.", "")
    return None


def database() -> Finding:
    with db.engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    return ok("The database answers.")


def schema() -> Finding:
    with db.engine.connect() as connection:
        if not db.inspect(connection).has_table("alembic_version"):
            return NOT_MIGRATED
        current = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if current is None:
        return NOT_MIGRATED
    newest = _newest_revision(Path(current_app.root_path, "migrations"))
    if current != newest:
        return failing(
            f"The schema is at {current}, and this code needs {newest}.",
            "Stop the site, and run: flask --app run upgrade",
        )
    return ok(f"The schema is at {current}, the newest.")


def worker() -> Finding:
    remedy = "Start it: flask --app run worker. Mail and cleanup wait for it."
    seen_at = heartbeat.last_seen()
    if seen_at is None:
        return warning("No worker has ever been started.", remedy)
    age = now() - seen_at
    if age > WORKER_TIMEOUT:
        return warning(f"The worker was last seen {naturaldelta(age)} ago.", remedy)
    waiting = queue.pending_count()
    if waiting > MAX_QUEUE_LENGTH:
        return warning(
            f"The worker is running, but {count(waiting, 'task')} are queued.",
            "Read its log; if it is only busy, start a second worker.",
        )
    return ok(f"The worker was seen {naturaldelta(age)} ago.")


def site() -> Finding:
    if maintenance.is_on():
        return warning("The site is closed.", "Open it: flask --app run maintenance off")
    return ok("The site is open.")


def processes() -> Finding:
    """Those that the supervisor has started again; systemd logs what it does itself."""
    recent = restarts.counts()
    if not recent:
        return ok("No process had to be restarted within an hour.")
    names = ", ".join(f"{name} {count(times, 'time')}" for name, times in sorted(recent.items()))
    return warning(
        f"Restarted within an hour: {names}.", "Read the log: it names the reason of each end."
    )


def disk() -> Finding:
    free, folder = least_free_space()
    message = f"{naturalsize(free)} free on the disk of the data."
    remedy = f"Make room on the disk of {folder}, or move the data to a larger one."
    if free < MIN_SPACE:
        return failing(f"Only {message}", remedy)
    return warning(f"Only {message}", remedy) if free < LOW_SPACE else ok(message)


def mail_counts() -> tuple[int, int, datetime | None]:
    """Return how many wait, how many failed, and when the oldest waiting one was written."""
    with db.engine.connect() as connection:
        waiting, failed, oldest = connection.execute(Mail.counts()).one()
    return waiting, failed, oldest


def mail() -> Finding:
    waiting, failed, oldest = mail_counts()
    if oldest and now() - oldest > MAX_MAIL_AGE:
        return warning(
            f"{count(waiting, 'e-mail')} unsent, the oldest for {naturaldelta(now() - oldest)}.",
            "See the errors: flask --app run mail list",
        )
    if failed:
        return warning(
            f"{count(failed, 'e-mail')} failed within a month.",
            "See the errors: flask --app run mail list; then retry: flask --app run mail retry",
        )
    return ok(f"{count(waiting, 'e-mail')} waiting to be sent.".capitalize())


def redis() -> Finding:
    """Only a warning: without Redis, each process counts the limits itself."""
    state = redis_state()
    if state == "unavailable":
        return warning(
            "Redis is unavailable: each process counts the rate limits itself.",
            "Start Redis, and check REDIS_URL.",
        )
    return ok(f"Rate limits are counted in {'Redis' if state == 'ok' else 'the database'}.")


def backup() -> Finding:
    if current_app.config["BACKUP_FOLDER"] is None:
        if current_app.config["SHOW_MAIL_LINKS"]:
            return ok("No backups are taken in development.")
        return warning("No backups are taken.", "Set BACKUP_FOLDER to a folder on another disk.")
    remedy = "Read the worker's log, and take one: flask --app run backup"
    if has_failed_backup():
        return warning("The last nightly backup failed.", remedy)
    taken_at = backups.last_verified()
    if taken_at is None:
        return warning("There is no verified backup yet.", remedy)
    age = now() - taken_at
    message = f"The last verified backup is {naturaldelta(age)} old."
    return warning(message, remedy) if age > MAX_BACKUP_AGE else ok(message)


def least_free_space() -> tuple[int, Path]:
    """Return the fewest free bytes of any data directory, and that directory."""
    return min((shutil.disk_usage(folder).free, folder) for folder in data_dirs())


@cache
def _newest_revision(migrations: Path) -> str | None:
    return ScriptDirectory(str(migrations)).get_current_head()


CHECKS: dict[str, Check] = {
    "database": database,
    "schema": schema,
    "maintenance": site,
    "worker": worker,
    "processes": processes,
    "disk": disk,
    "mail": mail,
    "redis": redis,
    "backup": backup,
}
# On PostgreSQL the queue is in the database too.
DATABASE_CHECKS = {"schema", "worker", "processes", "mail", "clock"}
TABLE_CHECKS = {"mail", "clock"}
