"""`flask --app run mail …`: whether mail arrives, and what waits."""

import click
from email_validator import EmailNotValidError
from flask import current_app
from flask.cli import AppGroup

from flaskblog import outbox
from flaskblog.database import now
from flaskblog.extensions import db
from flaskblog.letters import Letter
from flaskblog.models import Mail
from flaskblog.text import count

mail = AppGroup("mail", help="Try the mail server, and see what waits for it.")


@mail.command("test")
@click.argument("address")
def send_test(address: str) -> None:
    """Send a test mail to ADDRESS now, and say what the mail server answered."""
    letter = Letter(
        template="test",
        recipient=address,
        subject=f"A test mail from {current_app.config['SITE_NAME']}",
    )
    try:
        answer = outbox.send(letter, f"{now():%Y%m%dT%H%M%S.%f}")
    except (OSError, EmailNotValidError) as error:
        raise click.ClickException(outbox.explain_failure(error)) from None
    click.echo(f"Test mail to {address}: {answer}")


@mail.command("list")
def show() -> None:
    """Show the mails that wait, and those that failed."""
    for row in db.session.scalars(Mail.unsent()):
        state = "failed" if row.failed_at else f"waits for {row.due_at:%Y-%m-%d %H:%M:%S} UTC"
        click.echo(
            f"{row.id}  {row.created_at:%Y-%m-%d %H:%M:%S} UTC  {row.template}  {row.recipient}  "
            f"{state}, {count(row.attempts, 'attempt')}  {row.last_error}".rstrip()
        )


@mail.command("retry")
def retry() -> None:
    """Try the failed mails for another day."""
    revived = db.session.scalars(Mail.failed_revived()).all()
    db.session.commit()
    outbox.wake()
    click.echo(f"Trying {count(len(revived), 'mail')} again.")
