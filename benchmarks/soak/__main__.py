"""`python -m benchmarks.soak`: load a new site for some minutes, and judge what it leaves."""

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

import click
import httpx

from benchmarks import servers, sites
from benchmarks.soak import hostile, visits
from benchmarks.soak.judge import GUESS, Usage, checks, errors, table, usage
from benchmarks.soak.visitor import TIMEOUT, Site, VisitEndsError, Visitor

PEOPLE = 50
MINUTE = 60  # seconds
# Each kind of visit, with the number of threads that repeat it.
VISITS: dict[str, tuple[Callable[[Visitor], None], int]] = {
    "read": (visits.read, 4),
    "write": (visits.write, 2),
    "log in": (visits.log_in_and_out, 1),
    "upload": (visits.upload, 2),
    "preview": (visits.preview, 2),
    "API": (visits.use_api, 2),
    GUESS: (hostile.guess_passwords, 1),
}
ATTACKS = (hostile.send_malformed, hostile.send_malformed, hostile.send_slow_bodies)


@click.command()
@click.option("--minutes", default=10.0, show_default=True, help="Of load, warm-up included.")
@click.option("--warm-up", default=1.0, show_default=True, help="Minutes; more on a slow machine.")
@click.option("--rest", default=60, show_default=True, help="Seconds until idle threads end.")
@click.option("--posts", default=2000, show_default=True, help="That the site has already.")
@click.option("--database-url", default="", help="A PostgreSQL server. Default: SQLite")
def soak(minutes: float, warm_up: float, rest: int, posts: int, database_url: str) -> None:
    """Load a new site; exit with 1 if it fails, loses a write, or needs ever more.

    Its usage after the warm-up is compared with that at the end, both at rest.
    """
    warm_up = min(warm_up, minutes / 2)
    with (
        sites.temporary_site(PEOPLE, posts, database_url) as (environment, folder),
        (folder / "log").open("w+") as log,
    ):
        environment |= {"RATELIMIT_ENABLED": "true", "LOG_FORMAT": "json"}
        command = ["flask", "--app", "run", "start"]
        with servers.serving(command, environment, "/livez", log) as (address, process):
            site = Site(address)
            before = _use_after_load(site, process, warm_up, rest)
            after = _use_after_load(site, process, minutes - warm_up, rest)
            with httpx.Client(base_url=address, timeout=TIMEOUT) as client:
                lost = site.traffic.lost(client)
        log.seek(0)
        found = errors(log)
    judged = checks(before, after, site.traffic, [*VISITS], lost, found)
    click.echo("\n".join(["", *site.traffic.table(), "", *table(judged)]))
    click.echo("\n".join(["", *site.traffic.notes, *lost, *found]))
    sys.exit(any(check.has_failed for check in judged))


def _use_after_load(site: Site, process: int, minutes: float, rest: int) -> Usage:
    site.ends_at = time.monotonic() + minutes * MINUTE
    with ThreadPoolExecutor(32) as pool:
        threads = [*_start(site, pool)]
        try:
            while site.is_open():
                time.sleep(max(0, min(MINUTE, site.ends_at - time.monotonic())))
                click.echo(f"{site.traffic}; {usage(process)}")
        finally:
            site.ends_at = 0.0
    for thread in threads:
        thread.result()
    time.sleep(rest)
    used = usage(process)
    click.echo(f"At rest: {used}")
    return used


def _start(site: Site, pool: ThreadPoolExecutor) -> Iterator[Future[None]]:
    for kind, (visit, threads) in VISITS.items():
        yield from (pool.submit(_repeat_visits, site, kind, visit) for _ in range(threads))
    for attack in ATTACKS:
        yield pool.submit(_repeat_attacks, site, attack)


def _repeat_visits(site: Site, kind: str, visit: Callable[[Visitor], None]) -> None:
    while site.is_open():
        with Visitor(site, kind) as visitor, suppress(VisitEndsError):
            visit(visitor)


def _repeat_attacks(site: Site, attack: Callable[[Site], None]) -> None:
    while site.is_open():
        attack(site)


if __name__ == "__main__":
    soak()
