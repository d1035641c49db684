"""Rendered Markdown as a test sees it: its elements, held to the allow-list."""

import re
from html.parser import HTMLParser

SCROLLABLE = {"class", "role", "aria-label", "tabindex"}
ATTRIBUTES = {
    "a": {"href", "title", "rel", "id", "class", "role", "aria-label"},
    "img": {"src", "alt", "title"},
    "input": {"type", "disabled", "checked", "aria-label"},
    "nav": {"class", "aria-label"},
    "section": {"class", "role", "aria-label"},
    "ol": {"start", "dir"},
    "ul": {"dir"},
    "li": {"id", "class", "dir"},
    "p": {"dir"},
    "blockquote": {"dir"},
    "table": {"dir"},
    "div": SCROLLABLE | {"dir"},
    "pre": SCROLLABLE,
    "span": {"class"},
    "td": {"class", "dir"},
    "th": {"class", "dir"},
    **{f"h{level}": {"id", "dir"} for level in range(2, 7)},
}
TAGS = (
    "a blockquote br code details div em h2 h3 h4 h5 h6 hr img input li nav ol p pre s section "
    "span strong summary sup table tbody td th thead tr ul"
)


class Page(HTMLParser):
    """Elements of a piece of HTML, with the text and the greatest depth."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.depth = 0
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"br", "hr", "img", "input"}:
            self.open.append(tag)
            self.depth = max(self.depth, len(self.open))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def attributes(self, wanted: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag == wanted]


def assert_safe(html: str, id_prefix: str = "text-") -> Page:
    page = Page(html)
    assert not page.open
    ids = [attributes["id"] or "" for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(rf"{id_prefix}\S+", found) for found in ids)
    for tag, attributes in page.elements:
        assert tag in TAGS.split()
        assert set(attributes) <= ATTRIBUTES.get(tag, set())
        if href := attributes.get("href"):
            scheme = re.match(r"[\s\x00-\x20]*([^/?#]*?):", href)
            assert scheme is None or scheme[1].lower() in {"http", "https", "mailto"}
        if tag == "a":
            assert attributes["rel"] == "ugc nofollow noopener"
        if tag == "input":
            assert (attributes["type"], "disabled" in attributes) == ("checkbox", True)
        if tag == "img" and "src" in attributes:
            assert re.match(r"/(?![/\\])", attributes["src"] or "")
    return page
