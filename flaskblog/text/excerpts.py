"""Excerpts of rendered posts as plain text."""

from html.parser import HTMLParser

_BLOCKS = frozenset({"p", "li", "blockquote", "td", "th", "pre", "h2", "h3", "h4", "h5", "h6"})
_NOT_PROSE = frozenset({"pre", "table", "h2", "h3", "h4", "h5", "h6"})

_CHUNK = 512  # characters parsed at once; parsing stops when the excerpt is full


def excerpt(html: str, limit: int = 280) -> str:
    """Return the beginning of rendered Markdown as plain text, at most `limit` characters.

    Headings, code and tables are left out unless there is nothing else.
    """
    text = _text_of(html, _NOT_PROSE, limit) or _text_of(html, frozenset(), limit)
    if len(text) <= limit:
        return text
    words, _, _ = text[:limit].rpartition(" ")
    return (words or text[: limit - 1]).rstrip(" ,;:.") + "…"


def _text_of(html: str, skipped: frozenset[str], limit: int) -> str:
    """Return the text outside of `skipped` elements; stops soon after `limit` characters."""
    reader = _TextReader(skipped)
    for start in range(0, len(html), _CHUNK):
        reader.feed(html[start : start + _CHUNK])
        text = " ".join("".join(reader.parts).split())
        if len(text) > limit:
            return text
    reader.close()
    return " ".join("".join(reader.parts).split())


class _TextReader(HTMLParser):
    def __init__(self, skipped: frozenset[str]) -> None:
        super().__init__()
        self.skipped = skipped
        self.depth = 0
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.depth += tag in self.skipped
        if tag == "img":
            self.handle_data(dict(attrs).get("alt") or "")
        elif tag == "br":
            self.handle_data(" ")

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag in self.skipped
        if tag in _BLOCKS:
            self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self.depth:
            self.parts.append(data)
