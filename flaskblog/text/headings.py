"""Headings: levels without gaps, as screen readers need them, ids with links, and the contents."""

import unicodedata
from html import escape
from itertools import count
from typing import NamedTuple

from markdown_it.rules_core import StateCore

from flaskblog.text.tokens import link_tokens, plain_text, text_token

FIRST_LEVEL = 2  # h1 is the title of the page
LAST_LEVEL = 6
LAST_LISTED_LEVEL = 3
MIN_LISTED = 3
_MAX_IDS = 1_000  # headings with an id: it is longer than a short heading
_SLUG_LENGTH = 60


class Heading(NamedTuple):
    level: int
    id: str
    text: str


def close_gaps(state: StateCore) -> None:
    """Start at `FIRST_LEVEL`, and let no heading be more than one level below its predecessor.

    The order of levels is kept, and equal levels below one heading stay equal.
    """
    ancestors: list[str] = []
    for token in state.tokens:
        if token.type == "heading_open":
            while ancestors and ancestors[-1] >= token.tag:
                ancestors.pop()
            ancestors.append(token.tag)
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(FIRST_LEVEL - 1 + len(ancestors), LAST_LEVEL)}"


def add_ids(state: StateCore) -> None:
    """Give each heading an id and a link to itself, and list them in `env["headings"]`."""
    headings: list[Heading] = []
    used: set[str] = set()
    numbers: dict[str, count[int]] = {}
    for opening, inline in zip(state.tokens, state.tokens[1:], strict=False):
        if opening.type != "heading_open" or len(headings) == _MAX_IDS:
            continue
        text = plain_text(inline.children)
        slug = _slug(text)
        name = slug
        while name in used:
            name = f"{slug}-{next(numbers.setdefault(slug, count(2)))}"
        used.add(name)
        heading = Heading(int(opening.tag[1]), state.env["id_prefix"] + name, text)
        headings.append(heading)
        opening.attrSet("id", heading.id)
        link = link_tokens("#", href=f"#{heading.id}", aria_label="Link to this section")
        link[0].attrSet("class", "anchor")
        inline.children = [*(inline.children or ()), text_token(" "), *link]
    state.env["headings"] = headings


def contents(headings: list[Heading]) -> str:
    """The table of contents as HTML."""
    items = "".join(
        f'<li><a href="#{heading.id}">{escape(heading.text)}</a></li>' for heading in headings
    )
    return (
        '<nav class="contents" aria-label="Contents"><details><summary>Contents</summary>'
        f"<ol>{items}</ol></details></nav>\n"
    )


def _slug(text: str) -> str:
    """Its letters, marks and digits, with hyphens between the words."""
    kept = (
        character if unicodedata.category(character)[0] in "LMN" else " "
        for character in text.lower()[:_SLUG_LENGTH]
    )
    return "-".join("".join(kept).split()) or "section"
