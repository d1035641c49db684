"""Rendering of Markdown."""

import pytest

from flaskblog.text.highlighting import LANGUAGES
from flaskblog.text.markdown import render
from tests.support.html import Page


def test_raw_html_is_shown_as_text() -> None:
    assert Page(render("a <b>c</b>\n\n<div>d</div>")).text == "a <b>c</b>\n<div>d</div>\n"


def test_strikethrough_and_emphasis() -> None:
    assert render("~~a~~ *b* **c**") == "<p><s>a</s> <em>b</em> <strong>c</strong></p>\n"


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("see https://a.example/__init__.py.", "https://a.example/__init__.py"),
        ("ask me@example.org", "mailto:me@example.org"),
        ("<https://a.example>", "https://a.example"),
        ("[a](/about)", "/about"),
        ("[a](next?page=2#b)", "next?page=2#b"),
    ],
)
def test_urls_are_links(source: str, address: str) -> None:
    assert Page(render(source)).attributes("a") == [
        {"href": address, "rel": "ugc nofollow noopener"}
    ]


@pytest.mark.parametrize("source", ["README.md", "setup.py", "//a.example", "ftp://a.example"])
def test_text_that_resembles_a_url_is_not_a_link(source: str) -> None:
    assert render(source) == f"<p>{source}</p>\n"


def test_an_empty_link_shows_its_url() -> None:
    assert Page(render("[](https://a.example)")).text == "https://a.example\n"


def test_a_picture_of_this_site_is_shown() -> None:
    assert render('![a](/media/b.png "c")') == (
        '<p><img src="/media/b.png" alt="a" title="c"></p>\n'
    )


@pytest.mark.parametrize(
    "source",
    ["https://a.example/b.png", "//a.example/b.png", "/\\a.example/b.png", "b.png", "../b.png"],
)
def test_an_external_picture_is_a_link(source: str) -> None:
    page = Page(render(f"![a *c*](<{source}>)"))
    assert [tag for tag, _ in page.elements] == ["p", "a"]
    assert page.text == "a c\n"
    assert Page(render("![](//a.example/b.png)")).text == "//a.example/b.png\n"


def test_an_external_picture_in_a_link_is_the_text_of_that_link() -> None:
    page = Page(render("[![a](https://b.example/c.png)](/d)"))
    assert [attributes["href"] for attributes in page.attributes("a")] == ["/d"]
    assert page.text == "a\n"


def test_a_table_scrolls_and_keeps_its_alignment() -> None:
    page = Page(render("a|b|c\n:-|:-:|-:\n1|2|3"))
    assert page.attributes("div") == [
        {"class": "table-scroll", "role": "group", "aria-label": "Table", "tabindex": "0"}
    ]
    expected = ["align-left", "align-center", "align-right"]
    assert [attributes["class"] for attributes in page.attributes("td")] == expected


def test_code_is_highlighted_by_class() -> None:
    page = Page(render("```Python\ndef a(): pass\n```"))
    assert {"class": "k"} in page.attributes("span")
    assert page.text.strip() == "def a(): pass"


@pytest.mark.parametrize("source", ["```nope\n<a> b\n```", "```\n<a> b\n```", "    <a> b"])
def test_code_of_an_unknown_language_is_not_highlighted(source: str) -> None:
    page = Page(render(source))
    assert [tag for tag, _ in page.elements] == ["div", "pre", "code"]
    assert page.attributes("pre") == [{"tabindex": "0", "role": "group", "aria-label": "Code"}]
    assert page.text.strip() == "<a> b"


def test_every_listed_language_has_a_lexer() -> None:
    for language in sorted(LANGUAGES):
        assert "<pre" in render(f"```{language}\na\n```")


def test_long_code_is_not_highlighted() -> None:
    assert "<span" not in render("```python\n" + "a = 1\n" * 1_000 + "```")
