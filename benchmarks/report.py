"""What was measured, and whether it is what was hoped for; as tables for a terminal or a note."""

from collections import defaultdict
from dataclasses import dataclass, field
from statistics import median

from benchmarks.live import READERS, WRITERS, LiveUse
from benchmarks.load import Result
from benchmarks.logging_in import LogIn
from benchmarks.scenarios import Scenario
from benchmarks.servers import Memory

MEMORY_GOAL, FLATNESS_GOAL, LIVE_GOAL, START_GOAL, LOG_IN_GOAL = 180, 1.2, 4, 1.0, 0.02
MISSED = "**missed**"
REACHED = "reached"


@dataclass
class Report:
    engine: str
    rounds: int
    seconds: int
    cold_start: float = 0
    memory_at_rest: Memory | None = None
    memory_after: Memory | None = None
    log_in: LogIn | None = None
    live: LiveUse | None = None
    limits: list[Result] = field(default_factory=list)
    results: dict[tuple[int, str], list[Result]] = field(default_factory=lambda: defaultdict(list))
    asked: dict[str, Scenario] = field(default_factory=dict)

    def add(self, size: int, scenario: Scenario, result: Result) -> None:
        self.asked[scenario.name] = scenario
        self.results[size, scenario.name].append(result)

    @property
    def sizes(self) -> list[int]:
        return sorted({size for size, _ in self.results})

    @property
    def limit(self) -> float:
        """Requests a second that the bare view answers."""
        return median(result.rate for result in self.limits)

    def rate(self, size: int, name: str) -> float:
        # Not 0, where a short load on a busy machine saw no answer at all.
        return max(0.01, median(result.rate for result in self.results[size, name]))

    def ratio(self, size: int, name: str) -> float:
        """Of the limit's rate in the same run."""
        return self.rate(size, name) / self.limit

    def flatness(self, name: str) -> float:
        """How many times the time on the smallest site the largest one takes."""
        return self.rate(self.sizes[0], name) / self.rate(self.sizes[-1], name)

    def tables(self) -> str:
        return "\n".join([*self._scenarios(), "", *self._rest()])

    def _scenarios(self) -> list[str]:
        """Ratios at each size, and the rest on the largest site."""
        sizes = [f"{size:,} posts" for size in self.sizes]
        heads = ["scenario", *sizes, "goal", "", "growth", "median, ms", "p99, ms", "errors"]
        lines = [_row(*heads), _row("---", *["--:"] * (len(heads) - 1))]
        for name, scenario in self.asked.items():
            largest = self.results[self.sizes[-1], name]
            reached = self.ratio(self.sizes[-1], name)
            goal = "" if scenario.goal is None else f"≥ {scenario.goal:g}"
            judged = "" if scenario.goal is None else _judged(reached >= scenario.goal)
            growth = self.flatness(name)
            cells = [
                name,
                *(f"{self.ratio(size, name):.3f}" for size in self.sizes),
                goal,
                judged,
                f"{growth:.2f}" if growth <= FLATNESS_GOAL else f"**{growth:.2f}**",
                f"{median(result.median for result in largest):.1f}",
                f"{median(result.p99 for result in largest):.1f}",
                str(sum(result.errors for result in largest)),
            ]
            lines.append(_row(*cells))
        return lines

    def _rest(self) -> list[str]:
        lines = [_row("beside", "measured", "goal", ""), _row("---", "--:", "--:", "--:")]
        if self.log_in:
            lines += _logging_in(self.log_in)
        if self.memory_at_rest:
            lines += _memory("at rest", self.memory_at_rest)
        if self.memory_after:
            lines += _memory("after the run", self.memory_after)
        start = self.cold_start
        goal = f"< {START_GOAL:g} s"
        lines.append(
            _row("start to the first page", f"{start:.2f} s", goal, _judged(start < START_GOAL))
        )
        return lines + (_living(self.live) if self.live else [])


def _logging_in(found: LogIn) -> list[str]:
    rest, goal = found.rest, f"< {LOG_IN_GOAL:.0%}"
    return [
        _row("log in, CPU", f"{found.whole * 1000:.1f} ms", "", ""),
        _row("a bare bcrypt check, CPU", f"{found.check * 1000:.1f} ms", "", ""),
        _row("all but bcrypt in a log-in", f"{rest:.1%}", goal, _judged(rest < LOG_IN_GOAL)),
    ]


def _memory(when: str, found: Memory) -> list[str]:
    parts, everything = found
    goal, judged = f"≤ {MEMORY_GOAL} MiB", _judged(parts <= MEMORY_GOAL)
    return [
        _row(f"memory of web and worker {when}", f"{parts:.0f} MiB", goal, judged),
        _row(f"with the start command, {when}", f"{everything:.0f} MiB", "", ""),
    ]


def _living(found: LiveUse) -> list[str]:
    times = found.p99_beside / found.p99_alone
    beside = f"{found.p99_beside:.1f} ms, {times:.1f} times"
    goal, judged = f"< {LIVE_GOAL} times", _judged(times < LIVE_GOAL)
    written = f"{found.posts}, p99 {found.p99_writing:.0f} ms"
    return [
        _row(f"{READERS} readers alone, p99", f"{found.p99_alone:.1f} ms", "", ""),
        _row(f"{READERS} readers beside {WRITERS} writers, p99", beside, goal, judged),
        _row("posts written meanwhile", written, "", ""),
        _row("errors of both", str(found.errors), "0", _judged(found.errors == 0)),
    ]


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _judged(is_reached: bool) -> str:
    return REACHED if is_reached else MISSED
