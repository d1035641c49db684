"""The arithmetic of the benchmark report, and the note that it is written to."""

import sys

import pytest

from benchmarks.live import READERS, WRITERS, LiveUse
from benchmarks.load import Request, Result
from benchmarks.login import LoginCost
from benchmarks.note import with_part
from benchmarks.report import MISSED, REACHED, Report
from benchmarks.scenarios import Scenario
from benchmarks.servers import Memory

HOME = Scenario("home", Request("/"), goal=0.5)
PICTURE = Scenario("picture", Request("/media/x.webp"))


def result(requests: int, *, p99: float = 2, errors: int = 0) -> Result:
    return Result(requests, 1.0, 1.0, p99, errors)


@pytest.fixture
def report() -> Report:
    """The bare view answers 1,000 requests a second."""
    made = Report("SQLite", rounds=3, seconds=1)
    made.bare_results += [result(number) for number in (900, 1000, 9000)]
    return made


def row(report: Report, name: str) -> list[str]:
    lines = [line.strip("| ").split(" | ") for line in report.tables().splitlines()]
    return next(cells for cells in lines if cells[0].strip() == name)


def test_a_ratio_is_a_share_of_the_bare_view_by_medians(report: Report) -> None:
    for number in (100, 500, 5000):
        report.add(1000, HOME, result(number))
    assert report.ratio(1000, "home") == 0.5


def test_growth_compares_the_largest_site_with_the_smallest(report: Report) -> None:
    for size, number in ((1_000_000, 400), (1000, 600), (100_000, 10)):
        report.add(size, HOME, result(number))
    assert report.sizes == [1000, 100_000, 1_000_000]
    assert report.growth("home") == pytest.approx(1.5)
    assert "**1.50**" in row(report, "home")


@pytest.mark.parametrize(("number", "verdict"), [(500, REACHED), (499, MISSED)])
def test_a_goal_applies_to_the_largest_site(report: Report, number: int, verdict: str) -> None:
    report.add(1000, HOME, result(999))
    report.add(2000, HOME, result(number))
    assert verdict in row(report, "home")


def test_a_scenario_without_a_goal_has_no_verdict(report: Report) -> None:
    report.add(1000, PICTURE, result(1))
    assert not {REACHED, MISSED} & set(row(report, "picture"))


def test_a_load_without_any_response_reports_its_errors(report: Report) -> None:
    for size in (1000, 2000):
        report.add(size, HOME, result(0, errors=3))
    assert row(report, "home")[-1] == "3"


@pytest.mark.parametrize(("whole", "verdict"), [(0.2039, REACHED), (0.2041, MISSED)])
def test_the_goal_of_a_login_excludes_its_bcrypt_check(
    report: Report, whole: float, verdict: str
) -> None:
    report.add(1000, HOME, result(1))
    report.login = LoginCost(whole=whole, check=0.2)
    assert verdict in row(report, "login without bcrypt")


def test_the_goal_for_memory_excludes_the_start_command(report: Report) -> None:
    report.add(1000, HOME, result(1))
    report.memory_at_rest = Memory(web_and_worker=180, everything=250)
    report.memory_after = Memory(web_and_worker=181, everything=250)
    assert REACHED in row(report, "memory of web and worker at rest")
    assert MISSED in row(report, "memory of web and worker after the run")


@pytest.mark.parametrize(("p99", "verdict"), [(7.9, REACHED), (8.0, MISSED)])
def test_readers_beside_writers_are_compared_by_the_median_of_the_parts(
    report: Report, p99: float, verdict: str
) -> None:
    report.add(1000, HOME, result(1))
    beside = [result(1, p99=time) for time in (1, p99, 1000)]
    report.live = LiveUse([result(1)], beside, [result(5, errors=1)])
    name = f"{READERS} readers beside {WRITERS} writers, p99"
    assert verdict in row(report, name)
    assert MISSED in row(report, "errors in live use")


def test_a_part_of_the_note_replaces_the_previous_one_of_its_engine() -> None:
    note = with_part(with_part("# How fast it is\n", "SQLite", "old"), "PostgreSQL", "other")
    changed = with_part(note, "SQLite", "new")
    assert changed == note.replace("old", "new")
    assert changed.index("new") < changed.index("other")


def test_the_report_does_not_import_the_chart() -> None:
    assert "benchmarks.chart" not in sys.modules
