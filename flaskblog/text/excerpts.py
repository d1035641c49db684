"""Excerpts of rendered posts as plain text."""

import re
import unicodedata
from html.parser import HTMLParser

_BLOCKS = frozenset({"p", "li", "blockquote", "td", "th", "pre", "h2", "h3", "h4", "h5", "h6"})
_NOT_PROSE = frozenset({"pre", "table", "h2", "h3", "h4", "h5", "h6"})
# The numbers and the list of footnotes, and the table of contents.
_NOT_TEXT = frozenset({"nav", "section", "sup"})

_CHUNK = 512  # characters parsed at once; parsing stops when the excerpt is full
# Before a space and no small letter, as "e.g. this" is no end.
_SENTENCE_END = re.compile(
    r"[.!?\u2026]+[\"')\]\u2019\u201d\xbb]*(?=\s(?![a-z]))|[\u3002\uff01\uff1f]+[\u300d\u300f\u201d\uff09]*"
)
# Chinese and Japanese have no spaces: a text may be cut behind any character.
_UNSPACED = re.compile(
    "[\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd]"
)
_JOINER = "\u200d"
_VIRAMA = 9  # the combining class of what joins two letters of Indian scripts
_DANGLING = {"Zs", "Po", "Pd", "Ps", "Pi"}  # categories of what no excerpt ends with
_MIN_SENTENCE = 0.5  # of the limit


def excerpt(html: str, limit: int = 280) -> str:
    """Return the beginning of rendered Markdown as plain text, at most `limit` characters.

    It ends with a sentence, or with a word and `…`. Headings, code and tables are left out unless
    there is nothing else.
    """
    text = _text_of(html, _NOT_PROSE, limit) or _text_of(html, frozenset(), limit)
    return text if len(text) <= limit else _shortened(text, limit)


def _shortened(text: str, limit: int) -> str:
    ends = [found.end() for found in _SENTENCE_END.finditer(text[: limit + 2])]
    last = max((end for end in ends if end <= limit), default=0)
    if last >= limit * _MIN_SENTENCE:
        return text[:last]
    places = range(limit - 1, 0, -1)
    end = next((place for place in places if _is_after_word(text, place)), 0)
    end = end or next((place for place in places if not _is_in_character(text, place)), limit - 1)
    while end > 1 and unicodedata.category(text[end - 1]) in _DANGLING:
        end -= 1
    return text[:end] + "…"


def _is_after_word(text: str, place: int) -> bool:
    if text[place] == " ":
        return True
    is_unspaced = _UNSPACED.match(text[place]) or _UNSPACED.match(text[place - 1])
    return bool(is_unspaced) and not _is_in_character(text, place)


def _is_in_character(text: str, place: int) -> bool:
    """Whether a cut would divide what readers see as one character (UAX #29, without jamo)."""
    before, after = text[place - 1], text[place]
    if _is_regional(before) and _is_regional(after):
        flags = re.search("[\U0001f1e6-\U0001f1ff]+$", text[:place])
        return flags is not None and len(flags[0]) % 2 == 1
    is_conjunct = unicodedata.combining(before) == _VIRAMA
    is_modifier = "\U0001f3fb" <= after <= "\U0001f3ff" or unicodedata.category(after)[0] == "M"
    return _JOINER in {before, after} or is_conjunct or is_modifier


def _is_regional(character: str) -> bool:
    """Whether it is half of a flag."""
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _text_of(html: str, skipped: frozenset[str], limit: int) -> str:
    """Return the text outside of `skipped` elements; stops soon after `limit` characters."""
    reader = _TextReader(skipped | _NOT_TEXT)
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
        self.is_in_anchor = False
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.depth += tag in self.skipped
        if tag == "a":
            self.is_in_anchor = ("class", "anchor") in attrs
        elif tag == "img":
            self.handle_data(dict(attrs).get("alt") or "")
        elif tag == "br":
            self.handle_data(" ")

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag in self.skipped
        if tag == "a":
            self.is_in_anchor = False
        if tag in _BLOCKS:
            self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self.depth and not self.is_in_anchor:
            self.parts.append(data)
