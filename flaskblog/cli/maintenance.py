"""The commands `maintenance …`."""

import click
from flask.cli import AppGroup

from flaskblog.web import maintenance as mode

maintenance = AppGroup("maintenance", help="Close the site for maintenance, and open it again.")


@maintenance.command("on")
def on() -> None:
    """Respond to every request with 503, at once and on all hosts; commands keep working."""
    mode.begin()
    click.echo("The site is closed. Open it again: flask --app run maintenance off")


@maintenance.command("off")
def off() -> None:
    """Open the site again."""
    mode.end()
    click.echo("The site is open.")
