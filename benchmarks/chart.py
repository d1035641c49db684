"""The chart of the note, reproducible from the same numbers."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot

from benchmarks.report import Report

# From dark to light, so that they differ in greyscale, too.
COLOURS = ("#0b3c5d", "#3a8fb7", "#b5dcec")
GOAL = "#e07b00"
# The fonts of the site, and text that stays text.
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "flaskblog",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["Segoe UI", "Roboto", "Noto Sans", "Liberation Sans", "DejaVu Sans"],
}
SLOWEST = 0.01


def draw(report: Report, path: Path) -> None:
    """Draw a bar for each scenario and size, and a mark at its goal."""
    names = list(report.scenarios)[::-1]
    with mpl.rc_context(STYLE):
        figure, axes = pyplot.subplots(figsize=(9, 0.42 * len(names) + 1.2))
        _draw_bars(axes, report, names)
        _draw_goals(axes, [report.scenarios[name].goal for name in names])
        _format_axes(axes, names)
        axes.set_xlabel(f"Requests a second on {report.engine}, as a share of the bare view's (1)")
        figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
        pyplot.close(figure)


def _draw_bars(axes: Any, report: Report, names: list[str]) -> None:
    """Draw the smallest site on top, as in the table."""
    height = 0.8 / len(report.sizes)
    for index, size in enumerate(report.sizes):
        places = [place + 0.4 - (index + 0.5) * height for place in range(len(names))]
        ratios = [report.ratio(size, name) for name in names]
        axes.barh(places, ratios, height, label=f"{size:,} posts", color=COLOURS[index % 3])


def _draw_goals(axes: Any, goals: list[float | None]) -> None:
    places = {place: goal for place, goal in enumerate(goals) if goal is not None}
    low, high = [place - 0.45 for place in places], [place + 0.45 for place in places]
    axes.vlines([*places.values()], low, high, GOAL, linewidth=2.5, label="goal")


def _format_axes(axes: Any, names: list[str]) -> None:
    axes.axvline(1, color="#777777", linewidth=0.8, linestyle="--")
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.set_xscale("log")
    axes.set_xlim(left=SLOWEST)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, frameon=False)
