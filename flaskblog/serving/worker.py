"""Background jobs, run in a process of their own: `flask --app run worker`."""

from huey import crontab

from flaskblog.backup import backups
from flaskblog.extensions import db, queue, rate_limits
from flaskblog.mail import outbox
from flaskblog.media import orphans
from flaskblog.models import Draft, FormerName, Mail, Post, Session
from flaskblog.monitoring import alerts, failures, heartbeat

every_minute = queue.periodic_task(crontab())
every_five_minutes = queue.periodic_task(crontab(minute="*/5"))
every_hour = queue.periodic_task(crontab(minute="17"))
every_day = queue.periodic_task(crontab(hour="3", minute="47"))

# Threads besides those that send mail.
JOB_THREADS = 1
# Seconds for running jobs to finish; what is cut off is repeated by the next worker.
SHUTDOWN_TIMEOUT = 10


@every_minute
def record_heartbeat() -> None:
    heartbeat.record()


@every_minute
def deliver_mail() -> None:
    outbox.deliver_due()


@every_five_minutes
def send_alerts() -> None:
    alerts.send_due()


@every_hour
def delete_expired_sessions() -> None:
    Session.delete_expired()
    db.session.commit()


@every_hour
def delete_expired_rate_limits() -> None:
    rate_limits.delete_expired()


@every_hour
def take_backup() -> None:
    try:
        backups.take_nightly()
    except Exception:
        failures.record_failed_backup()
        raise
    failures.forget_failed_backup()


@every_day
def delete_expired_posts() -> None:
    """Delete for good what its author deleted long ago."""
    Post.delete_expired()
    db.session.commit()


@every_day
def delete_expired_drafts() -> None:
    Draft.delete_expired()
    db.session.commit()


@every_day
def delete_expired_names() -> None:
    FormerName.delete_expired()
    db.session.commit()


@every_day
def delete_failed_mails() -> None:
    Mail.delete_failed()
    db.session.commit()


@every_day
def delete_orphaned_pictures() -> None:
    orphans.delete()


def run() -> None:
    """Work until SIGTERM or Ctrl-C; running jobs are finished first."""
    consumer = queue.create_consumer(
        workers=outbox.MAX_SENDERS + JOB_THREADS,
        max_delay=1,
        graceful_signal="TERM",
        shutdown_timeout=SHUTDOWN_TIMEOUT,
        check_worker_health=True,
    )
    queue.stopping = consumer.stop_flag
    heartbeat.record()
    outbox.wake_after_lease()
    consumer.run()
