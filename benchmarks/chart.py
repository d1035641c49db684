"""The chart of the note; the same numbers give the same file."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot

from benchmarks.report import Report

# From dark to light: told apart without colours, too.
COLOURS = ("#0b3c5d", "#3a8fb7", "#b5dcec")
GOAL = "#e07b00"
# The site's own fonts, in text that a browser sets.
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "flaskblog",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["Segoe UI", "Roboto", "Noto Sans", "Liberation Sans", "DejaVu Sans"],
}
SLOWEST = 0.01


def draw(report: Report, path: Path) -> None:
    """One bar for each scenario and size, and a mark where its goal is."""
    names = list(report.asked)[::-1]
    height = 0.8 / len(report.sizes)
    with mpl.rc_context(STYLE):
        figure, axes = pyplot.subplots(figsize=(9, 0.42 * len(names) + 1.2))
        # The smallest site on top, as in the table.
        for index, size in enumerate(report.sizes):
            places = [place + 0.4 - (index + 0.5) * height for place in range(len(names))]
            ratios = [report.ratio(size, name) for name in names]
            axes.barh(places, ratios, height, label=f"{size:,} posts", color=COLOURS[index % 3])
        goals = [report.asked[name].goal for name in names]
        places = [place for place, goal in enumerate(goals) if goal is not None]
        reached = [goal for goal in goals if goal is not None]
        axes.vlines(
            reached,
            [place - 0.45 for place in places],
            [place + 0.45 for place in places],
            GOAL,
            linewidth=2.5,
            label="goal",
        )
        axes.axvline(1, color="#777777", linewidth=0.8, linestyle="--")
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(-0.6, len(names) - 0.4)
        axes.set_xscale("log")
        axes.set_xlim(left=SLOWEST)
        axes.xaxis.set_major_formatter("{x:g}")
        axes.set_xlabel(f"Requests a second on {report.engine}, as a share of the bare view's (1)")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, frameon=False)
        figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
        pyplot.close(figure)
