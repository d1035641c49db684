"""Words of a text, and the minutes that reading takes."""

import re

WORDS_PER_MINUTE = 230
CHARACTERS_PER_MINUTE = 500  # of Chinese, Japanese and Korean, where a character is counted

_CHARACTER = re.compile(
    "[\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003fffd]"
)
_WORD = re.compile(r"\w\S*")


def reading_minutes(text: str) -> int:
    """Return the whole minutes that people take to read a text, at least one."""
    rest, characters = _CHARACTER.subn(" ", text)
    words = len(_WORD.findall(rest))
    return max(1, round(words / WORDS_PER_MINUTE + characters / CHARACTERS_PER_MINUTE))
