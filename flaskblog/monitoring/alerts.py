"""E-mails to the admins: one when a problem begins, and one when it is resolved.

Whether a problem has been reported is a row of the database, so that several hosts send one e-mail.
"""

import platform
from datetime import datetime, timedelta
from typing import Any, Literal

from flask import current_app
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from flaskblog.backup import backups
from flaskblog.database.base import now
from flaskblog.extensions import db
from flaskblog.extensions.rate_limits import INSERTS
from flaskblog.extensions.task_queue import QUEUE_ERRORS
from flaskblog.mail import outbox
from flaskblog.mail.message import EmailMessage
from flaskblog.models import Mail, Setting, User
from flaskblog.monitoring import health
from flaskblog.monitoring.failures import has_failed_backup
from flaskblog.monitoring.health import Check, Finding, State, ok, warning
from flaskblog.monitoring.recent_events import server_errors
from flaskblog.text.phrases import count

# Between two e-mails about the beginning of the same problem.
INTERVAL = timedelta(days=1)
UNDELIVERABLE_FOR = timedelta(days=1)
# Each host has a disk and backups of its own.
PER_HOST = {"backup", "disk"}

Template = Literal["alert", "alert_resolved"]
TEMPLATES: tuple[Template, ...] = ("alert", "alert_resolved")


def send_due() -> None:
    """Write the e-mails that are due to the outbox. Commits."""
    if not current_app.config["ALERTS"]:
        return
    for cause, check in CAUSES.items():
        try:
            _report(cause, check())
        except (SQLAlchemyError, *QUEUE_ERRORS):
            db.session.rollback()
            current_app.logger.warning("alerts: %s cannot be checked", cause, exc_info=True)


def backup() -> Finding:
    """A site without backups has chosen so, and a new one waits for its first night."""
    if current_app.config["BACKUP_FOLDER"] is None:
        return ok("No backups are taken.")
    if backups.last_verified() is None and not has_failed_backup():
        return ok("The first backup is still to be taken.")
    return health.backup()


def mail_server() -> Finding:
    waiting, _failed, oldest = health.mail_counts()
    if oldest is None or now() - oldest <= health.MAX_MAIL_AGE:
        return ok("E-mails are sent.")
    return warning(
        f"The mail server accepts no e-mail: {count(waiting, 'e-mail')} unsent.",
        "See the errors: flask --app run mail list",
    )


def undeliverable_mail() -> Finding:
    """Without the alerts themselves, each of which would cause the next."""
    query = Mail.number_failed_since(now() - UNDELIVERABLE_FOR, except_for=TEMPLATES)
    with db.engine.connect() as connection:
        failed = connection.execute(query).scalar_one()
    if not failed:
        return ok("All e-mails were delivered.")
    return warning(
        f"{count(failed, 'e-mail')} could not be delivered within a day.",
        "See the errors: flask --app run mail list; then retry: flask --app run mail retry",
    )


def errors() -> Finding:
    counts = server_errors.counts()
    if not counts:
        return ok("No request failed within an hour.")
    names = ", ".join(f"{name} {count(times, 'time')}" for name, times in counts.most_common(5))
    return warning(
        f"{count(counts.total(), 'request')} failed with an error within an hour: {names}.",
        'Read the log: look for "unhandled exception".',
    )


CAUSES: dict[str, Check] = {
    "backup": backup,
    "disk": health.disk,
    "mail server": mail_server,
    "undeliverable mail": undeliverable_mail,
    "errors": errors,
    "restarts": health.processes,
}


@outbox.composes("alert")
def _alert(mail: Mail) -> EmailMessage:
    return _message(mail, f"Problem with {mail.context['cause']}")


@outbox.composes("alert_resolved")
def _alert_resolved(mail: Mail) -> EmailMessage:
    return _message(mail, f"Resolved: problem with {mail.context['cause']}")


def _message(mail: Mail, subject: str) -> EmailMessage:
    return EmailMessage(
        template=mail.template,
        recipient=mail.recipient,
        subject=f"{current_app.config['SITE_NAME']}: {subject}",
        values=mail.context,
    )


def _report(cause: str, finding: Finding) -> None:
    key = f"alert {cause}"
    if cause in PER_HOST:
        key = f"{key} {platform.node()[:40]}"
    is_problem = finding.state != State.OK
    known = db.session.scalar(select(Setting.value).where(Setting.key == key))
    db.session.rollback()
    if _due_template(known or {}, is_problem) is None:
        return  # almost always: without a lock
    reported = _lock(key)
    if template := _due_template(reported, is_problem):
        _write(cause, finding, template)
        time = now().isoformat() if is_problem else reported["at"]
        Setting.store(key, {"is_reported": is_problem, "at": time})
    db.session.commit()
    outbox.wake()


def _due_template(reported: dict[str, Any], is_problem: bool) -> Template | None:
    if not is_problem:
        return "alert_resolved" if reported.get("is_reported") else None
    if reported.get("is_reported"):
        return None
    is_new = not reported or now() - datetime.fromisoformat(reported["at"]) >= INTERVAL
    return "alert" if is_new else None


def _lock(key: str) -> dict[str, Any]:
    """Return what was reported, which no other worker changes until the transaction ends."""
    insert = INSERTS[db.engine.dialect.name](Setting.metadata.tables[Setting.__tablename__])
    db.session.execute(insert.values(key=key, value={}).on_conflict_do_nothing())
    query = select(Setting.value).where(Setting.key == key).with_for_update()
    reported: dict[str, Any] = db.session.execute(query).scalar_one()
    return reported


def _write(cause: str, finding: Finding, template: Template) -> None:
    for address in db.session.scalars(User.addresses_of_admins()):
        values = {"cause": cause, "message": finding.message, "remedy": finding.remedy}
        db.session.add(Mail.to(address, template, **values))
    current_app.logger.info("alerts: %s: %s", template, finding.message)
