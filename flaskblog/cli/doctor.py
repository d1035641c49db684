"""The command `doctor`."""

import sys

import click

from flaskblog.backup import leftovers
from flaskblog.monitoring import health
from flaskblog.monitoring.doctor import CHECKS
from flaskblog.monitoring.health import State


@click.option("--fix", is_flag=True, help="First delete what killed commands have left.")
def doctor(fix: bool) -> None:
    """Check the installation, a line for each check; exit with 1 on a warning or failure."""
    if fix:
        for name in leftovers.remove():
            click.echo(f"Deleted: {name}")
    findings = health.run_checks(CHECKS)
    for name, finding in findings.items():
        click.echo(f"{finding.state:8} {name:12} {finding.message} {finding.remedy}".rstrip())
    sys.exit(any(finding.state != State.OK for finding in findings.values()))
