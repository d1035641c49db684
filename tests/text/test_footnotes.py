"""Footnotes."""

import pytest

from flaskblog.text.markdown import render
from tests.support.html import Page, assert_safe


def test_footnotes_follow_the_text_and_lead_back() -> None:
    page = assert_safe(
        render("One[^b], two[^a], one[^b], none[^c].\n\n[^a]: A[^d]\n[^b]: B\n[^d]: D")
    )
    assert page.text.split() == [
        "One1,",
        "two2,",
        "one1,",
        "none[^c].",
        *["B", "↩︎", "A3", "↩︎", "D", "↩︎"],
    ]
    notes = [attributes["id"] for attributes in page.attributes("li")]
    ids = [attributes["id"] for attributes in page.attributes("a") if "id" in attributes]
    links = [attributes["href"] for attributes in page.attributes("a")]
    assert links[:3] == [f"#{notes[0]}", f"#{notes[1]}", f"#{notes[0]}"]
    assert [link for link in links if link not in {f"#{note}" for note in notes}] == [
        f"#{anchor}" for anchor in ids
    ]


def test_a_footnote_has_several_paragraphs() -> None:
    page = Page(render("a[^1]\n\n[^1]: b\n\n    c\n\n    - d\n\ne"))
    assert page.text.split() == ["a1", "e", "b", "c", "d", "↩︎"]


@pytest.mark.parametrize("source", ["[^a]", "`[^a]`\n\n[^a]: b", "\\[^a]\n\n[^a]: b"])
def test_what_is_no_footnote_is_text(source: str) -> None:
    assert Page(render(source)).text == "[^a]\n"


def test_texts_of_one_page_share_no_id() -> None:
    source = "# A\n\n# A\n\n# -note-1\n\nb[^1]\n\n[^1]: c"
    ids = [
        attributes["id"]
        for prefix in ("text-", "text1-")
        for _, attributes in assert_safe(render(source, prefix), prefix).elements
        if "id" in attributes
    ]
    assert len(ids) == len(set(ids)) == 10
