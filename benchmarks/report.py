"""The results and goals, as tables for a terminal or a note."""

from collections import defaultdict
from dataclasses import dataclass, field
from statistics import median

from benchmarks.live import READERS, WRITERS, LiveUse
from benchmarks.load import Result
from benchmarks.login import LoginCost
from benchmarks.scenarios import Scenario
from benchmarks.servers import Memory

MEMORY_GOAL, GROWTH_GOAL, LIVE_GOAL, START_GOAL, LOGIN_GOAL = 180, 1.2, 4, 1.0, 0.02
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
    login: LoginCost | None = None
    live: LiveUse | None = None
    bare_results: list[Result] = field(default_factory=list)
    results: dict[tuple[int, str], list[Result]] = field(default_factory=lambda: defaultdict(list))
    scenarios: dict[str, Scenario] = field(default_factory=dict)

    def add(self, size: int, scenario: Scenario, result: Result) -> None:
        self.scenarios[scenario.name] = scenario
        self.results[size, scenario.name].append(result)

    @property
    def sizes(self) -> list[int]:
        return sorted({size for size, _ in self.results})

    @property
    def bare_rate(self) -> float:
        """Requests a second of the bare view."""
        return median(result.rate for result in self.bare_results)

    def rate(self, size: int, name: str) -> float:
        # Not 0, as a divisor, when a short load got no response at all.
        return max(0.01, median(result.rate for result in self.results[size, name]))

    def ratio(self, size: int, name: str) -> float:
        """Return the rate as a share of the bare view's."""
        return self.rate(size, name) / self.bare_rate

    def growth(self, name: str) -> float:
        """Return the time on the largest site as a multiple of that on the smallest."""
        return self.rate(self.sizes[0], name) / self.rate(self.sizes[-1], name)

    def tables(self) -> str:
        return "\n".join([*self._scenario_rows(), "", *self._other_rows()])

    def _scenario_rows(self) -> list[str]:
        """Ratios for each size; latencies and errors of the largest."""
        sizes = [f"{size:,} posts" for size in self.sizes]
        heads = ["scenario", *sizes, "goal", "", "growth", "median, ms", "p99, ms", "errors"]
        lines = [_row(*heads), _row("---", *["--:"] * (len(heads) - 1))]
        for name, scenario in self.scenarios.items():
            largest = self.results[self.sizes[-1], name]
            growth = self.growth(name)
            cells = [
                name,
                *(f"{self.ratio(size, name):.3f}" for size in self.sizes),
                *_goal(scenario, self.ratio(self.sizes[-1], name)),
                f"{growth:.2f}" if growth <= GROWTH_GOAL else f"**{growth:.2f}**",
                f"{median(result.median for result in largest):.1f}",
                f"{median(result.p99 for result in largest):.1f}",
                str(sum(result.errors for result in largest)),
            ]
            lines.append(_row(*cells))
        return lines

    def _other_rows(self) -> list[str]:
        lines = [_row("other", "measured", "goal", ""), _row("---", "--:", "--:", "--:")]
        if self.login:
            lines += _login_rows(self.login)
        if self.memory_at_rest:
            lines += _memory_rows("at rest", self.memory_at_rest)
        if self.memory_after:
            lines += _memory_rows("after the run", self.memory_after)
        start, goal = self.cold_start, f"< {START_GOAL:g} s"
        verdict = _verdict(start < START_GOAL)
        lines.append(_row("start to the first page", f"{start:.2f} s", goal, verdict))
        return lines + (_live_rows(self.live) if self.live else [])


def _goal(scenario: Scenario, ratio: float) -> tuple[str, str]:
    if scenario.goal is None:
        return "", ""
    return f"≥ {scenario.goal:g}", _verdict(ratio >= scenario.goal)


def _login_rows(found: LoginCost) -> list[str]:
    overhead, goal = found.overhead, f"< {LOGIN_GOAL:.0%}"
    return [
        _row("login, CPU", f"{found.whole * 1000:.1f} ms", "", ""),
        _row("bcrypt check, CPU", f"{found.check * 1000:.1f} ms", "", ""),
        _row("login without bcrypt", f"{overhead:.1%}", goal, _verdict(overhead < LOGIN_GOAL)),
    ]


def _memory_rows(when: str, found: Memory) -> list[str]:
    children, everything = found
    goal, verdict = f"≤ {MEMORY_GOAL} MiB", _verdict(children <= MEMORY_GOAL)
    return [
        _row(f"memory of web and worker {when}", f"{children:.0f} MiB", goal, verdict),
        _row(f"with the start command, {when}", f"{everything:.0f} MiB", "", ""),
    ]


def _live_rows(found: LiveUse) -> list[str]:
    times = found.p99_beside / found.p99_alone
    beside = f"{found.p99_beside:.1f} ms, {times:.1f} times"
    goal, verdict = f"< {LIVE_GOAL} times", _verdict(times < LIVE_GOAL)
    written = f"{found.posts}, p99 {found.p99_writing:.0f} ms"
    return [
        _row(f"{READERS} readers alone, p99", f"{found.p99_alone:.1f} ms", "", ""),
        _row(f"{READERS} readers beside {WRITERS} writers, p99", beside, goal, verdict),
        _row("posts written", written, "", ""),
        _row("errors in live use", str(found.errors), "0", _verdict(found.errors == 0)),
    ]


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _verdict(is_reached: bool) -> str:
    return REACHED if is_reached else MISSED
