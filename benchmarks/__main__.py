"""`python -m benchmarks`: measure, and write `docs/performance.md`."""

import time
from contextlib import AbstractContextManager, ExitStack
from statistics import median
from typing import NamedTuple

import click

from benchmarks import chart, note, servers, sites
from benchmarks.live import live_use
from benchmarks.load import Request, Result, run
from benchmarks.login import login_cost
from benchmarks.member import Member
from benchmarks.note import CONNECTIONS
from benchmarks.report import Report
from benchmarks.scenarios import Scenario, scenarios

SIZES = (1_000, 100_000, 1_000_000)
COLD_STARTS = 3
Server = AbstractContextManager[tuple[str, int]]


class Site(NamedTuple):
    address: str
    process: int
    member: Member


@click.command()
@click.option("--quick", is_flag=True, help="A rough result: 1,000 posts, one round of a second.")
@click.option("--rounds", default=5, show_default=True)
@click.option("--seconds", default=2, show_default=True, help="Of each load.")
@click.option("--live", default=60, show_default=True, help="Seconds of live use.")
@click.option("--size", "sizes", type=int, multiple=True, help=f"Posts. Default: {SIZES}")
@click.option("--postgresql", default="", help="URL of a PostgreSQL server to measure.")
def bench(
    quick: bool, rounds: int, seconds: int, live: int, sizes: tuple[int, ...], postgresql: str
) -> None:
    """Measure, and write docs/performance.md; with --quick, print the results only.

    Takes about half an hour for each engine. The filled sites are kept.
    """
    if quick:
        rounds, seconds, live, sizes = 1, 1, 8, sizes or SIZES[:1]
    sites.delete_incomplete()
    environments = {size: sites.site(size, postgresql) for size in sizes or SIZES}
    report = Report("PostgreSQL" if postgresql else "SQLite", rounds, seconds)
    largest = environments[max(environments)]
    report.cold_start = median(_cold_start(largest) for _ in range(COLD_STARTS))
    _measure(report, environments, live)
    click.echo(report.tables())
    if not quick:
        picture = f"performance-{report.engine.lower()}.svg"
        chart.draw(report, note.NOTE.with_name(picture))
        note.write(report, picture)


def _measure(report: Report, environments: dict[int, dict[str, str]], live: int) -> None:
    """Run all servers side by side, and add the results to the report."""
    with ExitStack() as stack:
        bare, bare_process = stack.enter_context(_serve_bare_view())
        running = {size: _open_site(stack, env) for size, env in environments.items()}
        largest = running[max(running)]
        report.memory_at_rest = servers.memory(largest.process)
        _measure_scenarios(report, bare, running)
        click.echo("Login")
        processes = [bare_process, *servers.descendants(bare_process)]
        web = servers.web_processes(largest.process)
        report.login = login_cost(
            largest.address, web, bare, processes, largest.member, report.rounds
        )
        click.echo("Live use")
        report.live = live_use(largest.address, largest.member, live)
        report.memory_after = servers.memory(largest.process)


def _measure_scenarios(report: Report, bare: str, running: dict[int, Site]) -> None:
    loads = [
        (size, site.address, scenario)
        for size, site in running.items()
        for scenario in scenarios(site.address, size, site.member, sites.FOLDER / "media")
    ]
    # Reads come first: the age of a new post on the home page changes each second.
    for writes in (False, True):
        chosen = [load for load in loads if load[2].writes == writes]
        for number in range(report.rounds):
            click.echo(f"{'Writes' if writes else 'Reads'}, round {number + 1} of {report.rounds}")
            _measure_round(report, bare, chosen)


def _measure_round(report: Report, bare: str, loads: list[tuple[int, str, Scenario]]) -> None:
    report.bare_results.append(_load(bare, Request("/"), report.seconds))
    for size, address, scenario in loads:
        report.add(size, scenario, _load(address, scenario.request, report.seconds))


def _load(address: str, request: Request, seconds: int) -> Result:
    return run(address, request, seconds=seconds, connections=CONNECTIONS)


def _open_site(stack: ExitStack, environment: dict[str, str]) -> Site:
    """Serve a site, with an account that exists until the stack is closed."""
    server = servers.serving(["flask", "--app", "run", "start"], _with_port(environment), "/livez")
    address, process = stack.enter_context(server)
    member = Member(address)
    member.register()
    stack.callback(member.delete_account)
    return Site(address, process, member)


def _serve_bare_view() -> Server:
    environment = {
        "PORT": str(servers.free_port()),
        "WORKERS": str(servers.WORKERS),
        "THREADS": str(servers.THREADS),
    }
    return servers.serving(["python", "-m", "benchmarks.bare"], environment, "/")


def _with_port(environment: dict[str, str]) -> dict[str, str]:
    port = str(servers.free_port())
    return environment | {"PORT": port, "SITE_URL": f"http://127.0.0.1:{port}"}


def _cold_start(environment: dict[str, str]) -> float:
    """Return the seconds from the start of the process to the first page."""
    environment = _with_port(environment)
    started_at = time.monotonic()
    process = servers.launch(["python", "run.py"], environment)
    try:
        servers.wait_for(process, f"http://127.0.0.1:{environment['PORT']}/")
        return time.monotonic() - started_at
    finally:
        servers.stop(process)


if __name__ == "__main__":
    bench()
