"""One normaliser for all that people type: what is stored is NFC and free of hidden characters."""

import re
import unicodedata
from math import ceil

# Control characters, bidirectional embeddings, overrides and isolates, the byte order mark,
# interlinear annotations, lone surrogates and non-characters: invisible, or not text at all.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\ufdd0-\ufdef"
    + "".join(
        f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
    )
    + "]"
)
# Those of them that plain English holds at most, found in a tenth of the time.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
# Sorting a long pile of marks takes quadratic time; no language sets 30 on a letter (UAX #15, 13).
_MARKS = "".join(char for char in map(chr, range(0x300, 0x20000)) if unicodedata.combining(char))
_PILE = re.compile(f"([{_MARKS}]{{30}})[{_MARKS}]+")
_LINE_ENDS = re.compile("\r\n|[\r\x85\u2028\u2029]")
_SPACES = re.compile(r"\s+")
# Letters and symbols by category, yet drawn as nothing: Hangul fillers and the empty Braille cell.
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")


def clean_text(text: str) -> str:
    """Several lines: line ends become LF, and empty lines at the top and space at the end go."""
    text = _LINE_ENDS.sub("\n", text)
    if text.isascii():
        text = _CONTROL.sub("", text)
    else:
        text = _HIDDEN.sub("", text)
        text = unicodedata.normalize("NFC", _PILE.sub(r"\1", text))
        text = _PILE.sub(r"\1", text)
    return re.sub(r"\A(?:[ \t]*\n)+", "", text).rstrip()


def clean_line(text: str) -> str:
    """One line: every run of white space becomes one space, none at the ends."""
    return _SPACES.sub(" ", clean_text(text)).strip()


def is_blank(text: str) -> bool:
    """Whether a reader would see nothing: only space, marks, formatting and fillers."""
    return all(unicodedata.category(char)[0] in "CMZ" or char in _FILLERS for char in text)


def count(number: int, noun: str, plural: str = "") -> str:
    """The number with its noun: `1 post`, `12 posts`, `no posts`."""
    if number == 0:
        return f"no {plural or noun + 's'}"
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def waiting_time(seconds: int) -> str:
    """Rounded up to what a person would say: `42 seconds`, `3 minutes`."""
    if seconds < 90:
        return count(seconds, "second")
    return count(ceil(seconds / 60), "minute")
