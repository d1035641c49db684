"""The commands `secret …`."""

import secrets

import click
from flask import current_app
from flask.cli import AppGroup

from config import PREVIOUS_KEY_LIFETIME, generated_key, rotate_generated_key

secret = AppGroup("secret", help="Replace the key that signs cookies and links.")


@secret.command("rotate")
def rotate() -> None:
    """Make a new SECRET_KEY; the old one is accepted for 30 more days: nobody is logged out.

    With SECRET_KEY in the environment or in .env, print the lines to set there.
    """
    config = current_app.config
    if config["SECRET_KEY"] != generated_key():
        previous = ",".join([config["SECRET_KEY"], *config["SECRET_KEY_FALLBACKS"]])
        click.echo("Nothing was changed. Set these two lines, and restart the site:", err=True)
        click.echo(f"SECRET_KEY={secrets.token_urlsafe(48)}")
        click.echo(f"SECRET_KEY_FALLBACKS={previous}")
        days = PREVIOUS_KEY_LIFETIME.days
        click.echo(f"Remove the second line after {days} days.", err=True)
        return
    rotate_generated_key()
    click.echo(
        "A new key is in instance/secret_key. Restart the site now: until then it signs with"
    )
    click.echo(f"the old key, which is accepted for {PREVIOUS_KEY_LIFETIME.days} more days.")
