"""The note `docs/performance.md`, with a part for each engine."""

import os
import platform
import sqlite3
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from benchmarks.live import READERS, WRITERS
from benchmarks.report import GROWTH_GOAL, Report
from benchmarks.servers import PROJECT, THREADS, WORKERS

NOTE = PROJECT / "docs" / "performance.md"
CONNECTIONS = 16

OPENING = f"""\
# Performance

Rates are relative to a bare Flask view that returns a constant response of 10 KB, without database
and template, from the same server with {WORKERS} workers of {THREADS} threads: 1 is as fast as the
bare view, 0.1 takes ten times as long. A ratio depends little on the machine.

All sites and the bare view run side by side on one machine, where `wrk` loads one after the other
with {CONNECTIONS} connections, in several rounds; medians are given. *Growth* is the time on the
largest site as a multiple of that on the smallest; the goal is {GROWTH_GOAL:g} at most. Latencies
and errors are those of the largest site. *Uncached* requests pass by the page cache, as the first
one after a change does. *Logged in*, fragments that are the same for all readers come from a cache;
the session is looked up and personal parts are rendered each time.

The login is measured in CPU time, beside a bare bcrypt check under the same load. Memory counts
shared pages once (PSS). In live use {READERS} readers request a page about every two seconds, alone
and beside {WRITERS} writers, each of whom publishes a post a second.

To repeat it, on Linux with `wrk` installed:

```console
$ make bench                                       # SQLite
$ make bench BENCH="--postgresql postgresql://…"   # a server on which databases may be created
$ make bench BENCH=--quick                         # a rough result, printed only
```
"""


def write(report: Report, chart: str) -> None:
    """Replace the engine's part of the note."""
    note = NOTE.read_text() if NOTE.exists() else OPENING
    alternative = f"Each scenario on {report.engine} as a share of the bare view's rate"
    heading, image = f"## {report.engine}", f"![{alternative}]({chart})"
    part = "\n\n".join([heading, _environment(report), image, report.tables()])
    NOTE.write_text(with_part(note, report.engine, part))


def with_part(note: str, engine: str, part: str) -> str:
    begin, end = f"<!-- {engine} -->", f"<!-- end of {engine} -->"
    whole = f"{begin}\n\n{part}\n\n{end}"
    if begin not in note:
        return f"{note.rstrip()}\n\n{whole}\n"
    before, _, rest = note.partition(begin)
    return before + whole + rest.partition(end)[2]


def _environment(report: Report) -> str:
    engine = f"SQLite {sqlite3.sqlite_version}" if report.engine == "SQLite" else report.engine
    text = (
        f"{datetime.now(UTC):%-d %B %Y}, on {os.cpu_count()} cores of {_processor()}, Python "
        f"{platform.python_version()}, {engine}. {report.rounds} rounds of {report.seconds} "
        f"seconds. The bare view answers {report.bare_rate:,.0f} requests a second."
    )
    if find_spec("pytest"):
        text += (
            " The packages of the tests were installed, some of which are imported when present: "
            "memory and start are better without."
        )
    return text


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = (line.partition(": ")[2] for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
