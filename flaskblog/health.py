"""How the site is. Each check asks one question, and its finding is a plain word without a secret.

`/readyz`, `/metrics` and `flask --app run doctor` share them.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path

from alembic.script import ScriptDirectory
from flask import current_app
from humanize import naturaldelta, naturalsize
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from flaskblog import backups, heartbeat
from flaskblog.database import now
from flaskblog.extensions import db, queue
from flaskblog.folders import data_folders
from flaskblog.models import Mail
from flaskblog.queue import QUEUE_ERRORS
from flaskblog.rate_limits import redis_state
from flaskblog.text import count

# A worker beats once a minute.
WORKER_SILENCE = timedelta(minutes=3)
LONGEST_QUEUE = 500
MAIL_PATIENCE = timedelta(minutes=15)
# The worker takes one each night.
OLD_BACKUP = timedelta(hours=36)
# Bytes: for a day or so of pictures and posts, and for one large write.
LITTLE_SPACE = 1024**3
NO_SPACE = 100 * 1024**2


class State(StrEnum):
    """A site with a warning goes on serving; one that is failing should get no visitors."""

    OK = "ok"
    WARNING = "warning"
    FAILING = "failing"


@dataclass(frozen=True)
class Finding:
    state: State
    told: str
    remedy: str = ""


Check = Callable[[], Finding]
AWAY = Finding(
    State.FAILING,
    "The database does not answer.",
    "Start it, and check DATABASE_URL: host, port, name and password.",
)


def ok(told: str) -> Finding:
    return Finding(State.OK, told)


def warning(told: str, remedy: str) -> Finding:
    return Finding(State.WARNING, told, remedy)


def failing(told: str, remedy: str) -> Finding:
    return Finding(State.FAILING, told, remedy)


def examine(checks: dict[str, Check]) -> dict[str, Finding]:
    """What each check finds; nothing that is broken raises, and a lost database costs one wait."""
    findings: dict[str, Finding] = {}
    for name, check in checks.items():
        if name in NEED_DATABASE and findings.get("database") == AWAY:
            findings[name] = warning("Unknown while the database is away.", "")
            continue
        try:
            findings[name] = check()
        except (SQLAlchemyError, *QUEUE_ERRORS) as error:
            told = str(error).splitlines()[0]
            current_app.logger.warning("the check of the %s failed: %s", name, told)
            findings[name] = AWAY
    return findings


def database() -> Finding:
    with db.engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    return ok("The database answers.")


def schema() -> Finding:
    remedy = "Stop the site, and run: flask --app run db upgrade"
    with db.engine.connect() as connection:
        if not db.inspect(connection).has_table("alembic_version"):
            return failing("The database has no tables yet.", remedy)
        current = connection.scalar(text("SELECT version_num FROM alembic_version"))
    newest = _newest_revision(Path(current_app.root_path, "migrations"))
    if current != newest:
        return failing(f"The schema is at {current}, and this code needs {newest}.", remedy)
    return ok(f"The schema is at {current}, the newest.")


def worker() -> Finding:
    remedy = "Start it: flask --app run worker. Mail and housekeeping wait for it."
    seen = heartbeat.last_beat()
    if seen is None:
        return warning("No worker has ever begun.", remedy)
    silence = now() - seen
    if silence > WORKER_SILENCE:
        return warning(f"The worker has been silent for {naturaldelta(silence)}.", remedy)
    waiting = queue.pending_count()
    if waiting > LONGEST_QUEUE:
        return warning(
            f"The worker lives, but {count(waiting, 'task')} wait for it.",
            "Read its log; if it is merely busy, start a second one.",
        )
    return ok(f"The worker was seen {naturaldelta(silence)} ago.")


def disk() -> Finding:
    free, folder = least_free()
    told = f"{naturalsize(free)} free where the data is."
    remedy = f"Make room on the disk of {folder}, or move the data to a larger one."
    if free < NO_SPACE:
        return failing(f"Only {told}", remedy)
    return warning(f"Only {told}", remedy) if free < LITTLE_SPACE else ok(told)


def mail() -> Finding:
    with db.engine.connect() as connection:
        waiting, failed, oldest = connection.execute(Mail.tally()).one()
    if oldest and now() - oldest > MAIL_PATIENCE:
        return warning(
            f"{count(waiting, 'mail')} unsent, the oldest for {naturaldelta(now() - oldest)}.",
            "Read why: flask --app run mail list",
        )
    if failed:
        return warning(
            f"{count(failed, 'mail')} given up within a month.",
            "Read why: flask --app run mail list; then try again: flask --app run mail retry",
        )
    return ok(f"{count(waiting, 'mail')} on the way.".capitalize())


def redis() -> Finding:
    """The site runs on without it: limits are counted in each process meanwhile."""
    state = redis_state()
    if state == "away":
        return warning(
            "Redis is away: each process counts its own limits.",
            "Start Redis, and check REDIS_URL.",
        )
    return ok("Redis counts the limits." if state == "ok" else "The database counts the limits.")


def backup() -> Finding:
    if current_app.config["BACKUP_FOLDER"] is None:
        if current_app.config["SHOW_MAIL_LINKS"]:
            return ok("No backups are taken in development.")
        return warning("No backups are taken.", "Set BACKUP_FOLDER, to a disk of its own.")
    remedy = "Read the worker's log, and take one: flask --app run backup"
    made = backups.last_verified()
    if made is None:
        return warning("There is no verified backup yet.", remedy)
    age = now() - made
    told = f"The last verified backup is {naturaldelta(age)} old."
    return warning(told, remedy) if age > OLD_BACKUP else ok(told)


def least_free() -> tuple[int, Path]:
    """Bytes, and the folder that has so few of them."""
    return min((shutil.disk_usage(folder).free, folder) for folder in data_folders())


@cache
def _newest_revision(migrations: Path) -> str | None:
    return ScriptDirectory(str(migrations)).get_current_head()


CHECKS: dict[str, Check] = {
    "database": database,
    "schema": schema,
    "worker": worker,
    "disk": disk,
    "mail": mail,
    "redis": redis,
    "backup": backup,
}
# The queue is in the database too where that is a PostgreSQL.
NEED_DATABASE = {"schema", "worker", "mail", "clock"}
