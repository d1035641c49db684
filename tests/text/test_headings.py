"""Heading levels without gaps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaskblog.text.markdown import render
from tests.support.html import Page

TAGS = {f"h{level}" for level in range(1, 7)}
MARKS = [*(f"{'#' * level} " for level in range(1, 7)), "> ### ", "- ## ", "1. #### "]


def levels(source: str) -> list[int]:
    return [int(tag[1]) for tag, _ in Page(render(source)).elements if tag in TAGS]


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("# a\n## b\n### c\n#### d\n##### e\n###### f", [2, 3, 4, 5, 6, 6]),
        ("## a\n### b\n## c", [2, 3, 2]),
        ("###### a", [2]),
        ("# a\n#### b\n#### c\n# d", [2, 3, 3, 2]),
        ("# a\n### b\n## c\n### d", [2, 3, 3, 4]),
        ("### a\n# b\n### c", [2, 2, 3]),
        ("a\n-\nb\n=\nc\n-", [2, 2, 3]),
        ("> ## a\n\n### b\n\n- ##### c", [2, 3, 4]),
    ],
)
def test_headings_start_at_h2_and_each_is_at_most_one_level_deeper(
    source: str, shown: list[int]
) -> None:
    assert levels(source) == shown


@given(st.lists(st.sampled_from([*MARKS, "words ", "a\n=\n", "a\n-\n", "```\n", "    "])))
def test_levels_never_skip_and_never_leave_h2_to_h6(marks: list[str]) -> None:
    shown = levels("\n\n".join(f"{mark}x" for mark in marks))
    assert set(shown) <= {2, 3, 4, 5, 6}
    for before, level in zip([1, *shown], shown, strict=False):
        assert level <= before + 1


@given(st.lists(st.integers(1, 6), min_size=1))
def test_the_order_of_levels_is_kept(sizes: list[int]) -> None:
    shown = levels("\n".join(f"{'#' * size} x" for size in sizes))
    for number, (size, level) in enumerate(zip(sizes, shown, strict=True)):
        for other in range(number + 1, len(sizes)):
            if min(sizes[number : other + 1]) < size:
                break
            if sizes[other] == size:
                assert shown[other] == level
            else:
                assert shown[other] > level or level == 6
