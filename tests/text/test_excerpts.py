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


@pytest.mark.parametrize("source", ["# word", "```\nword\n```", "![word](/a.png)"])
def test_an_excerpt_falls_back_to_headings_code_and_tables(source: str) -> None:
    assert excerpt(render(source)) == "word"


@given(st.text(max_size=400), st.integers(min_value=2, max_value=50))
def test_an_excerpt_is_never_longer_than_its_limit(source: str, limit: int) -> None:
    assert len(excerpt(render(source), limit)) <= limit
