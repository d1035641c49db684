"""The commands `config …`."""

import click
from flask import current_app
from flask.cli import AppGroup

config = AppGroup("config", help="Check the settings.")


@config.command("check")
def check() -> None:
    """Print each setting and where it comes from, without secrets; exit with 1 on an error.

    The application does not start with an invalid setting, and so reports it itself.
    """
    for setting in current_app.config["SETTINGS"]:
        click.echo(f"{setting.name}={setting.value}  ({setting.source})")
    for sentence in current_app.config["CONFIG_WARNINGS"]:
        click.echo(f"Warning: {sentence}")
    click.echo("All settings are valid.")
