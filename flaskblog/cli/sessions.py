"""The commands `sessions …`."""

import click
from flask.cli import AppGroup
from sqlalchemy import func, select

from flaskblog.cli.users import find
from flaskblog.extensions import db
from flaskblog.models import Session
from flaskblog.text.phrases import count

sessions = AppGroup("sessions", help="End log-ins.")


@sessions.command("end")
@click.argument("username", required=False)
@click.option("--all", "everyones", is_flag=True, help="Those of all members.")
def end(username: str | None, everyones: bool) -> None:
    """Log USERNAME out on all devices, and end the account's API tokens."""
    if everyones == bool(username):
        raise click.UsageError("Name a member, or use --all.")
    before = _number()
    if username:
        Session.end_all(find(username))
    else:
        Session.end_everyones()
    ended = before - _number()
    db.session.commit()
    click.echo(f"Ended {count(ended, 'session')}.")


def _number() -> int:
    return db.session.scalar(select(func.count()).select_from(Session)) or 0
