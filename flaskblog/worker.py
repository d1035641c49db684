"""What is done beside the requests, in a process of its own: `flask --app run worker`."""

from huey import crontab

from flaskblog import backups, heartbeat, leftovers, outbox, rate_limits
from flaskblog.extensions import db, queue
from flaskblog.models import Mail, Post, Session

every_minute = queue.periodic_task(crontab())
every_hour = queue.periodic_task(crontab(minute="17"))
every_day = queue.periodic_task(crontab(hour="3", minute="47"))

HOUSEKEEPERS = 1
# Seconds, for what has begun; what takes longer is done again by the next worker.
LAST_ORDERS = 10


@every_minute
def beat() -> None:
    heartbeat.beat()


@every_minute
def sweep_outbox() -> None:
    outbox.deliver_due()


@every_hour
def forget_expired_sessions() -> None:
    db.session.execute(Session.expired())
    db.session.commit()


@every_hour
def forget_rate_limits() -> None:
    rate_limits.remove_expired()


@every_hour
def back_up() -> None:
    backups.take_nightly()


@every_day
def forget_deleted_posts() -> None:
    db.session.execute(Post.forgotten())
    db.session.commit()


@every_day
def forget_failed_mails() -> None:
    db.session.execute(Mail.failed_long_ago())
    db.session.commit()


@every_day
def remove_leftovers() -> None:
    leftovers.remove()


def run() -> None:
    """Work until TERM or Ctrl-C, beginning with a sweep; what has begun is finished first."""
    consumer = queue.create_consumer(
        workers=outbox.SENDERS + HOUSEKEEPERS,
        max_delay=1,
        graceful_signal="TERM",
        shutdown_timeout=LAST_ORDERS,
        check_worker_health=True,
    )
    queue.stopping = consumer.stop_flag
    heartbeat.beat()
    outbox.wake_after_lease()
    consumer.run()
