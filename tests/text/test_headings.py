"""Headings: levels without gaps, ids, and the table of contents."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaskblog.text.markdown import render
from tests.support.html import Page, assert_safe

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


@pytest.mark.parametrize(
    ("heading", "id_"),
    [
        ("On *looms*", "text-on-looms"),
        ("Über `code`, 2!", "text-über-code-2"),
        ("हिन्दी", "text-हिन्दी"),
        ("?", "text-section"),
    ],
)
def test_a_heading_has_an_id_and_a_link_to_itself(heading: str, id_: str) -> None:
    page = assert_safe(render(f"# {heading}"))
    assert [attributes["id"] for attributes in page.attributes("h2")] == [id_]
    assert [attributes["href"] for attributes in page.attributes("a")] == [f"#{id_}"]


def test_headings_with_the_same_text_have_different_ids() -> None:
    page = Page(render("# a\n# a\n# a-2\n# a"))
    ids = [attributes["id"] for attributes in page.attributes("h2")]
    assert ids == ["text-a", "text-a-2", "text-a-2-2", "text-a-3"]


def test_a_long_text_with_three_headings_has_contents() -> None:
    headings = "# One *two*\n\n## <b>\n\n### Deeper\n\n# Last\n\n"
    page = assert_safe(render(headings + "word " * 1_040))
    assert page.elements[0] == ("nav", {"class": "contents", "aria-label": "Contents"})
    assert page.text.startswith("ContentsOne two<b>Last\nOne two")
    listed = [attributes["href"] for attributes in page.attributes("a")][:3]
    assert listed == ["#text-one-two", "#text-b", "#text-last"]
    for source in (headings + "word " * 900, "# One\n\n# Two\n\n" + "word " * 2_000):
        assert not Page(render(source)).attributes("nav")
