"""The note on what was measured: `docs/performance.md`, a part of it for each engine."""

import os
import platform
import sqlite3
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from benchmarks.live import READERS, WRITERS
from benchmarks.report import FLATNESS_GOAL, Report
from benchmarks.servers import PROJECT, THREADS, WORKERS

NOTE = PROJECT / "docs" / "performance.md"
CONNECTIONS = 16

OPENING = f"""\
# How fast it is

The site is measured beside the fastest thing its server can do: a Flask view that returns the same
10 KB each time, without database and template, from {WORKERS} workers with {THREADS} threads like
the site's. A scenario's number is its rate as a share of that view's: 1 is as fast as the bare
view, 0.1 takes ten times as long. It tells little of the machine and much of the code.

All sites and the bare view run side by side, and `wrk`, on the same machine, asks one after the
other with {CONNECTIONS} connections. It goes round several times, and medians count. *Growth* is
how many times as long the largest site takes as the smallest, hoped to be {FLATNESS_GOAL} at most.
Latencies and errors are those of the largest site. *Made anew* means past the page cache, as the
first reader meets a page after each change to the site. *Logged in*, members share what everybody
sees of a page; the session is looked up and their own parts are drawn each time.

A log-in is told in CPU time, and beside it a bare bcrypt check under the same load. Memory is what
the processes hold, shared pages counted once (PSS). In live use {READERS} people turn a page about
every two seconds, by themselves and in turn beside {WRITERS} others, who publish a post a second.

To repeat it, on Linux with `wrk` installed:

```console
$ make bench                                       # SQLite
$ make bench BENCH="--postgresql postgresql://…"   # a server that lets us make databases
$ make bench BENCH=--quick                         # a glance, which leaves this page alone
```
"""


def write(report: Report, chart: str) -> None:
    """Replace the engine's part of the note, and leave the other engine's as it is."""
    note = NOTE.read_text() if NOTE.exists() else OPENING
    alternative = f"Each scenario on {report.engine} as a share of the bare view's rate"
    words = [f"## {report.engine}", circumstances(report), f"![{alternative}]({chart})"]
    NOTE.write_text(with_part(note, report.engine, "\n\n".join([*words, report.tables()])))


def with_part(note: str, engine: str, part: str) -> str:
    begin, end = f"<!-- {engine} -->", f"<!-- end of {engine} -->"
    whole = f"{begin}\n\n{part}\n\n{end}"
    if begin not in note:
        return f"{note.rstrip()}\n\n{whole}\n"
    before, _, rest = note.partition(begin)
    return before + whole + rest.partition(end)[2]


def circumstances(report: Report) -> str:
    engine = f"SQLite {sqlite3.sqlite_version}" if report.engine == "SQLite" else report.engine
    told = (
        f"{datetime.now(UTC):%-d %B %Y}, on {os.cpu_count()} cores of {_processor()}, Python "
        f"{platform.python_version()}, {engine}. {report.rounds} rounds of {report.seconds} "
        f"seconds. The bare view answers {report.limit:,.0f} requests a second."
    )
    if find_spec("pytest"):
        told += (
            " The packages of the tests were installed too, some of which are loaded where they "
            "are found: memory and start are better without."
        )
    return told


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = (line.partition(": ")[2] for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
