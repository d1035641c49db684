"""`flask --app run doctor`: what is wrong, and what to do about it."""

import sys

import click

from flaskblog import health
from flaskblog.doctor import CHECKS
from flaskblog.health import State


def doctor() -> None:
    """Look for what is wrong with the site, a line each; exit 1 if something must be mended."""
    findings = health.examine(CHECKS)
    for name, finding in findings.items():
        click.echo(f"{finding.state:8} {name:12} {finding.told} {finding.remedy}".rstrip())
    sys.exit(any(finding.state != State.OK for finding in findings.values()))
