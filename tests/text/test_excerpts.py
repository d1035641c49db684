"""Excerpts of rendered posts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaskblog.text.excerpts import excerpt
from flaskblog.text.markdown import render


def test_an_excerpt_is_prose_without_markup() -> None:
    html = render("# Title\n\nOne *two*\nthree &amp; <b>\n\n```\ncode\n```\n\na|b\n-|-\n\nfour")
    assert excerpt(html) == "One two three & <b> four"


def test_an_excerpt_ends_at_a_word() -> None:
    assert excerpt(render("one two, three"), limit=10) == "one two…"
    assert excerpt(render("one two"), limit=7) == "one two"
    assert excerpt(render("a" * 50), limit=10) == "a" * 9 + "…"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("One two three. Four five.", "One two three."),
        ('One "two three." Four five six.', "One “two three.”"),
        ("One two, e.g. three four.", "One two, e.g. three…"),
        ("No. Two three four five six.", "No. Two three four…"),
        ("One two (three four five", "One two (three four…"),
        ("One two three four (five six)", "One two three four…"),
        ("一二三四五六七八九十。一二三四五六七八九十一二三", "一二三四五六七八九十。"),
        (
            "一二三四五六七八九十一二三四五六七八九十一二三",
            "一二三四五六七八九十一二三四五六七八九…",
        ),
        ("One two three &amp; four five", "One two three…"),
    ],
)
def test_an_excerpt_ends_with_a_sentence_or_a_word(source: str, shown: str) -> None:
    assert excerpt(render(source), limit=20) == shown


@pytest.mark.parametrize("character", ["e\u0323\u0302", "👩\u200d🚀", "👍🏽", "🇳🇱", "क्षि"])
def test_an_excerpt_divides_no_character(character: str) -> None:
    for limit in range(10, 20):
        shown = excerpt(render(character * 20), limit)
        assert len(shown) <= limit
        assert not shown.removesuffix("…").replace(character, "")


def test_an_excerpt_leaves_out_what_is_not_prose() -> None:
    html = render("One[^a].\n\n# Two\n\n- [x] three\n\n[^a]: four")
    assert excerpt(html) == "One. three"
    assert excerpt(render("# word")) == "word"
    headings = "# a\n\n# b\n\n# c\n\n"
    assert excerpt(render(headings + "word " * 2_000), limit=10) == "word word…"


@pytest.mark.parametrize("source", ["# word", "```\nword\n```", "![word](/a.png)"])
def test_an_excerpt_falls_back_to_headings_code_and_tables(source: str) -> None:
    assert excerpt(render(source)) == "word"


@given(st.text(max_size=400), st.integers(min_value=2, max_value=50))
def test_an_excerpt_is_never_longer_than_its_limit(source: str, limit: int) -> None:
    assert len(excerpt(render(source), limit)) <= limit
