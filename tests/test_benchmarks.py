"""The arithmetic of the report on speed, and the note it goes into; nothing is measured here."""

import sys

import pytest

from benchmarks.live import READERS, WRITERS, LiveUse
from benchmarks.load import Request, Result
from benchmarks.logging_in import LogIn
from benchmarks.note import with_part
from benchmarks.report import MISSED, REACHED, Report
from benchmarks.scenarios import Scenario
from benchmarks.servers import Memory

HOME = Scenario("home", Request("/"), goal=0.5)
PICTURE = Scenario("a picture", Request("/media/x.webp"))


def answered(requests: int, *, p99: float = 2, errors: int = 0) -> Result:
    return Result(requests, 1.0, 1.0, p99, errors)


@pytest.fixture
def report() -> Report:
    """The bare view answers 1,000 requests a second."""
    made = Report("SQLite", rounds=3, seconds=1)
    made.limits += [answered(number) for number in (900, 1000, 9000)]
    return made


def row(report: Report, name: str) -> list[str]:
    lines = [line.strip("| ").split(" | ") for line in report.tables().splitlines()]
    return next(cells for cells in lines if cells[0].strip() == name)


def test_a_rate_is_a_share_of_the_limits_by_their_medians(report: Report) -> None:
    for number in (100, 500, 5000):
        report.add(1000, HOME, answered(number))
    assert report.ratio(1000, "home") == 0.5


def test_growth_is_of_the_time_from_the_smallest_to_the_largest_site(report: Report) -> None:
    for size, number in ((1_000_000, 400), (1000, 600), (100_000, 10)):
        report.add(size, HOME, answered(number))
    assert report.sizes == [1000, 100_000, 1_000_000]
    assert report.flatness("home") == pytest.approx(1.5)
    assert "**1.50**" in row(report, "home")


@pytest.mark.parametrize(("number", "judged"), [(500, REACHED), (499, MISSED)])
def test_a_goal_is_reached_or_missed_on_the_largest_site(
    report: Report, number: int, judged: str
) -> None:
    report.add(1000, HOME, answered(999))
    report.add(2000, HOME, answered(number))
    assert judged in row(report, "home")


def test_what_has_no_goal_is_not_judged(report: Report) -> None:
    report.add(1000, PICTURE, answered(1))
    assert not {REACHED, MISSED} & set(row(report, "a picture"))


def test_a_load_without_any_answer_is_told_and_breaks_nothing(report: Report) -> None:
    for size in (1000, 2000):
        report.add(size, HOME, answered(0, errors=3))
    assert row(report, "home")[-1] == "3"


@pytest.mark.parametrize(("whole", "judged"), [(0.2039, REACHED), (0.2041, MISSED)])
def test_a_log_in_is_judged_by_all_but_its_bcrypt_check(
    report: Report, whole: float, judged: str
) -> None:
    report.add(1000, HOME, answered(1))
    report.log_in = LogIn(whole=whole, check=0.2)
    assert judged in row(report, "all but bcrypt in a log-in")


def test_memory_is_judged_without_the_start_command(report: Report) -> None:
    report.add(1000, HOME, answered(1))
    report.memory_at_rest = Memory(web_and_worker=180, everything=250)
    report.memory_after = Memory(web_and_worker=181, everything=250)
    assert REACHED in row(report, "memory of web and worker at rest")
    assert MISSED in row(report, "memory of web and worker after the run")


@pytest.mark.parametrize(("p99", "judged"), [(7.9, REACHED), (8.0, MISSED)])
def test_readers_beside_writers_wait_by_the_median_of_their_turns(
    report: Report, p99: float, judged: str
) -> None:
    report.add(1000, HOME, answered(1))
    beside = [answered(1, p99=time) for time in (1, p99, 1000)]
    report.live = LiveUse([answered(1)], beside, [answered(5, errors=1)])
    name = f"{READERS} readers beside {WRITERS} writers, p99"
    assert judged in row(report, name)
    assert MISSED in row(report, "errors of both")


def test_an_engines_part_of_the_note_takes_the_place_of_its_former_one() -> None:
    note = with_part(with_part("# How fast it is\n", "SQLite", "old"), "PostgreSQL", "other")
    changed = with_part(note, "SQLite", "new")
    assert changed == note.replace("old", "new")
    assert changed.index("new") < changed.index("other")


def test_the_report_needs_nothing_that_only_its_chart_needs() -> None:
    assert "benchmarks.chart" not in sys.modules
