"""The commands `mail …`."""

import click
from email_validator import EmailNotValidError
from flask import current_app
from flask.cli import AppGroup

from flaskblog.database.base import now
from flaskblog.extensions import db
from flaskblog.mail import outbox
from flaskblog.mail.message import EmailMessage
from flaskblog.models import Mail
from flaskblog.text.phrases import count

mail = AppGroup("mail", help="Test the mail server, and list or retry unsent mails.")


@mail.command("test")
@click.argument("address")
def send_test(address: str) -> None:
    """Send a test mail to ADDRESS, and print the response of the mail server."""
    message = EmailMessage(
        template="test",
        recipient=address,
        subject=f"Test mail from {current_app.config['SITE_NAME']}",
    )
    try:
        answer = outbox.send(message, f"{now():%Y%m%dT%H%M%S.%f}")
    except (OSError, EmailNotValidError) as error:
        raise click.ClickException(outbox.explain_failure(error)) from None
    click.echo(f"Test mail to {address}: {answer}")


@mail.command("list")
def show() -> None:
    """List pending and failed mails."""
    for row in db.session.scalars(Mail.oldest_first()):
        state = "failed" if row.failed_at else f"due at {row.due_at:%Y-%m-%d %H:%M:%S} UTC"
        click.echo(
            f"{row.id}  {row.created_at:%Y-%m-%d %H:%M:%S} UTC  {row.template}  {row.recipient}  "
            f"{state}, {count(row.attempts, 'attempt')}  {row.last_error}".rstrip()
        )


@mail.command("retry")
def retry() -> None:
    """Retry failed mails for another day."""
    retried = Mail.retry_failed()
    db.session.commit()
    outbox.wake()
    click.echo(f"Retrying {count(retried, 'mail')}.")
