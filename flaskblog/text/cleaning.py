"""Normalization of user input: NFC, without hidden characters."""

import re
import unicodedata
from itertools import groupby

# Control characters, bidirectional embeddings, overrides and isolates, the byte order mark,
# interlinear annotations, lone surrogates and non-characters.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\ufdd0-\ufdef"
    + "".join(
        f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
    )
    + "]"
)
# The ASCII ones among them: ten times faster.
_ASCII_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
# Normalizing a long run of combining marks is quadratic; no language uses 30 (UAX #15, 13).
_MARKS = "".join(char for char in map(chr, range(0x300, 0x20000)) if unicodedata.combining(char))
_MARK_RUN = re.compile(f"([{_MARKS}]{{30}})[{_MARKS}]+")
_LINE_ENDS = re.compile("\r\n|[\r\x85\u2028\u2029]")
_SPACES = re.compile(r"\s+")
# Invisible letters and symbols: Hangul fillers and the empty Braille cell.
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")
# Join or separate letters of Persian and of Indian scripts, and the parts of an emoji.
_JOINERS = frozenset("\u200c\u200d")
# Not even a Hebrew letter with vowel and accents has more; beyond that they cover other lines.
MAX_MARKS = 4


def clean_text(text: str) -> str:
    """Normalize a text of several lines: LF line ends, no leading empty lines or trailing space."""
    text = _LINE_ENDS.sub("\n", text)
    if text.isascii():
        text = _ASCII_HIDDEN.sub("", text)
    else:
        text = _HIDDEN.sub("", text)
        text = unicodedata.normalize("NFC", _MARK_RUN.sub(r"\1", text))
        text = _MARK_RUN.sub(r"\1", text)
    return re.sub(r"\A(?:[ \t]*\n)+", "", text).rstrip()


def clean_line(text: str) -> str:
    """Normalize a text of one line: single spaces, none at the ends."""
    return _SPACES.sub(" ", clean_text(text)).strip()


def without_nul(text: str | None) -> str | None:
    """Remove NUL, which no database and no page can hold."""
    return text and text.replace("\x00", "")


def is_blank(text: str) -> bool:
    """Whether nothing is visible: only space, marks, formatting and fillers."""
    return all(unicodedata.category(char)[0] in "CMZ" or char in _FILLERS for char in text)


def has_hidden_characters(text: str) -> bool:
    """Whether a name has what nobody sees or expects in it, or marks piled on one letter."""
    categories = [unicodedata.category(char) for char in text]
    is_hidden = any(
        (category[0] == "C" and char not in _JOINERS)
        or category in {"Zl", "Zp"}
        or char in _FILLERS
        for char, category in zip(text, categories, strict=True)
    )
    runs = (len([*run]) for kind, run in groupby(categories) if kind == "Mn")
    return is_hidden or max(runs, default=0) > MAX_MARKS
