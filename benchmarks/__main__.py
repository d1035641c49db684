"""`python -m benchmarks`: fill, serve, load, and write `docs/performance.md`."""

import time
from contextlib import AbstractContextManager, ExitStack
from statistics import median

import click

from benchmarks import chart, note, servers, sites
from benchmarks.live import live_use
from benchmarks.load import Request, Result, run
from benchmarks.logging_in import log_ins
from benchmarks.member import Member
from benchmarks.note import CONNECTIONS
from benchmarks.report import Report
from benchmarks.scenarios import scenarios

SIZES = (1_000, 100_000, 1_000_000)
COLD_STARTS = 3
Serving = AbstractContextManager[tuple[str, int]]


@click.command()
@click.option("--quick", is_flag=True, help="A glance: 1,000 posts, one round of a second.")
@click.option("--rounds", default=5, show_default=True)
@click.option("--seconds", default=2, show_default=True, help="Of each load.")
@click.option("--live", default=60, show_default=True, help="Seconds of live use.")
@click.option("--size", "sizes", type=int, multiple=True, help=f"Of a site. Default: {SIZES}")
@click.option("--postgresql", default="", help="The URL of a server, to measure there.")
def bench(
    quick: bool, rounds: int, seconds: int, live: int, sizes: tuple[int, ...], postgresql: str
) -> None:
    """Measure, and write docs/performance.md; with --quick, only to the terminal.

    Filling the sites, which are kept, and measuring take about half an hour for each engine.
    """
    if quick:
        rounds, seconds, live, sizes = 1, 1, 8, sizes or SIZES[:1]
    sites.forget_half_filled()
    chosen = {size: sites.site(size, postgresql) for size in sizes or SIZES}
    report = Report("PostgreSQL" if postgresql else "SQLite", rounds, seconds)
    largest = max(chosen)
    report.cold_start = median(_cold_start(chosen[largest]) for _ in range(COLD_STARTS))
    with ExitStack() as stack:
        limit, bare = stack.enter_context(_bare())
        running = {size: stack.enter_context(_site(chosen[size])) for size in chosen}
        members = {size: Member(address) for size, (address, _) in running.items()}
        for member in members.values():
            member.join()
            stack.callback(member.leave)
        site, start = running[largest]
        report.memory_at_rest = servers.memory(start)
        loads = [
            (size, address, scenario)
            for size, (address, _) in running.items()
            for scenario in scenarios(address, size, members[size], sites.FOLDER / "media")
        ]
        # All that reads first: a post of a moment ago tells another age each second.
        for writes in (False, True):
            for number in range(rounds):
                click.echo(f"Round {number + 1} of {rounds}, {'writing' if writes else 'reading'}")
                report.limits.append(_load(limit, Request("/"), seconds))
                for size, address, scenario in loads:
                    if scenario.writes == writes:
                        report.add(size, scenario, _load(address, scenario.request, seconds))
        click.echo("Logging in")
        processes = [bare, *servers.descendants(bare)]
        member = members[largest]
        report.log_in = log_ins(site, servers.web(start), limit, processes, member, rounds)
        click.echo("Live use")
        report.live = live_use(site, member, live)
        report.memory_after = servers.memory(start)
    click.echo(report.tables())
    if not quick:
        picture = f"performance-{report.engine.lower()}.svg"
        chart.draw(report, note.NOTE.with_name(picture))
        note.write(report, picture)


def _load(address: str, request: Request, seconds: int) -> Result:
    return run(address, request, seconds=seconds, connections=CONNECTIONS)


def _bare() -> Serving:
    environment = {
        "PORT": str(servers.free_port()),
        "WORKERS": str(servers.WORKERS),
        "THREADS": str(servers.THREADS),
    }
    return servers.serving(["python", "-m", "benchmarks.bare"], environment, "/")


def _site(environment: dict[str, str]) -> Serving:
    return servers.serving(["flask", "--app", "run", "start"], _at_a_port(environment), "/livez")


def _at_a_port(environment: dict[str, str]) -> dict[str, str]:
    port = str(servers.free_port())
    return environment | {"PORT": port, "SITE_URL": f"http://127.0.0.1:{port}"}


def _cold_start(environment: dict[str, str]) -> float:
    """Seconds from the start of the server's process to the front page."""
    environment = _at_a_port(environment)
    began = time.monotonic()
    process = servers.launch(["python", "run.py"], environment)
    try:
        servers.wait_for(process, f"http://127.0.0.1:{environment['PORT']}/")
        return time.monotonic() - began
    finally:
        servers.end(process)


if __name__ == "__main__":
    bench()
