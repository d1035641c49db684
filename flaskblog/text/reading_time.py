"""Words of a text, and the minutes that reading takes."""

import re

from flaskblog.text.phrases import count

WORDS_PER_MINUTE = 230
CHARACTERS_PER_MINUTE = 500  # of Chinese, Japanese and Korean, where a character is counted

_CHARACTER = re.compile(
    "[\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003fffd]"
)
_WORD = re.compile(r"\w\S*")


def reading_minutes(text: str) -> int:
    """Return the whole minutes that people take to read a text, at least one."""
    return _minutes(*_counts(text))


def describe_length(text: str) -> str:
    """Return `74 words · 1 min`, or nothing for a text without words."""
    words, characters = _counts(text)
    total = words + characters
    return f"{count(total, 'word')} · {_minutes(words, characters)} min" if total else ""


def _counts(text: str) -> tuple[int, int]:
    """Return the numbers of words and of characters that count as words."""
    rest, characters = _CHARACTER.subn(" ", text)
    return len(_WORD.findall(rest)), characters


def _minutes(words: int, characters: int) -> int:
    return max(1, round(words / WORDS_PER_MINUTE + characters / CHARACTERS_PER_MINUTE))
