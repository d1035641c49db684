"""The command `doctor`."""

import sys

import click

from flaskblog.monitoring import health
from flaskblog.monitoring.doctor import CHECKS
from flaskblog.monitoring.health import State


def doctor() -> None:
    """Check the installation, a line for each check; exit with 1 on a warning or failure."""
    findings = health.run_checks(CHECKS)
    for name, finding in findings.items():
        click.echo(f"{finding.state:8} {name:12} {finding.message} {finding.remedy}".rstrip())
    sys.exit(any(finding.state != State.OK for finding in findings.values()))
