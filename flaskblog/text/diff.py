"""Differences between two versions of a text, in whole words and phrases."""

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Literal, NamedTuple

from flaskblog.text.patience import Block, Matcher

# Pairs of words compared in stretches without anchors; beyond it, a stretch is replaced whole.
_MAX_COMPARISONS = 150_000
# Characters searched for the end of a word where unchanged text is cut.
_MAX_WORD = 40
# Words with their apostrophes, runs of space and of punctuation; ideographs and kana one by one.
_PUNCTUATION = (
    r"!-&(-/:-@\[-`{-~\u2010-\u2018\u201a-\u2027"
    r"\u3001-\u3003\u3008-\u3011\uff01-\uff0f\uff1a-\uff20"
)
_SINGLE = r"\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af"
_TOKENS = re.compile(rf"\n+|[^\S\n]+|[{_PUNCTUATION}]+|[{_SINGLE}]|[^\s{_PUNCTUATION}{_SINGLE}]+")


class Part(NamedTuple):
    """`skipped` is unchanged text left out by `fold_unchanged`."""

    kind: Literal["same", "removed", "added", "skipped"]
    text: str


class _Change(NamedTuple):
    """Character offsets of a removed and an added stretch."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int

    @property
    def size(self) -> int:
        return max(self.old_end - self.old_start, self.new_end - self.new_start)


def differences(old: str, new: str) -> list[Part]:
    """Return unchanged, removed and added parts in order, removed before added.

    `same` and `removed` joined are exactly `old`; `same` and `added` joined are exactly `new`.
    The work is bounded: dissimilar stretches are replaced as a whole.
    """
    parts: list[Part] = []
    end = 0
    for change in _changes(old, new):
        parts.append(Part("same", old[end : change.old_start]))
        parts.append(Part("removed", old[change.old_start : change.old_end]))
        parts.append(Part("added", new[change.new_start : change.new_end]))
        end = change.old_end
    parts.append(Part("same", old[end:]))
    return [part for part in parts if part.text]


def fold_unchanged(parts: Sequence[Part], context: int = 200) -> list[Part]:
    """Replace the middle of long unchanged parts by `skipped`.

    About `context` characters, up to a whole word, stay beside each change.
    """
    folded: list[Part] = []
    for position, part in enumerate(parts):
        if part.kind != "same":
            folded.append(part)
            continue
        text = part.text
        head = _space_before(text, context) if position > 0 else 0
        tail = _space_after(text, len(text) - context) if position < len(parts) - 1 else len(text)
        if tail - head <= context:
            folded.append(part)
            continue
        pieces = [
            Part("same", text[:head]),
            Part("skipped", text[head:tail]),
            Part("same", text[tail:]),
        ]
        folded.extend(piece for piece in pieces if piece.text)
    return folded


def _space_before(text: str, position: int) -> int:
    """Return a space up to `_MAX_WORD` characters before, or the position itself."""
    space = text.rfind(" ", max(position - _MAX_WORD, 0), position)
    return position if space < 0 else space


def _space_after(text: str, position: int) -> int:
    """Return the end of a space up to `_MAX_WORD` characters after, or the position itself."""
    start = max(position, 0)
    return text.find(" ", start, start + _MAX_WORD) + 1 or start


def _changes(old: str, new: str) -> Iterator[_Change]:
    """Compare lines first, so that unchanged lines stay whole; then words in the rest."""
    old_lines, new_lines = old.splitlines(keepends=True), new.splitlines(keepends=True)
    word_matcher = Matcher(_MAX_COMPARISONS)
    for hunk in _unmatched(old_lines, new_lines, Matcher(comparisons=0)):
        old_words = _TOKENS.findall(old, hunk.old_start, hunk.old_end)
        new_words = _TOKENS.findall(new, hunk.new_start, hunk.new_end)
        phrases: list[_Change] = []
        for gap in _unmatched(old_words, new_words, word_matcher):
            phrases.append(
                _Change(
                    hunk.old_start + gap.old_start,
                    hunk.old_start + gap.old_end,
                    hunk.new_start + gap.new_start,
                    hunk.new_start + gap.new_end,
                )
            )
            while len(phrases) > 1 and _belong_together(old, *phrases[-2:]):
                after, before = phrases.pop(), phrases.pop()
                phrases.append(
                    _Change(before.old_start, after.old_end, before.new_start, after.new_end)
                )
        yield from phrases


def _belong_together(old: str, before: _Change, after: _Change) -> bool:
    """Whether the unchanged text between two changes in a line is too short to separate them."""
    between = old[before.old_end : after.old_start]
    if "\n" in between:
        return False
    return not between.strip() or len(between) < min(before.size, after.size)


def _unmatched(old: Sequence[str], new: Sequence[str], matcher: Matcher) -> Iterator[_Change]:
    """Yield the stretches between matching blocks."""
    old_offsets = [0, *accumulate(map(len, old))]
    new_offsets = [0, *accumulate(map(len, new))]
    old_end = new_end = 0
    for block in [*matcher.blocks(old, new), Block(len(old), len(new), 0)]:
        if block.old > old_end or block.new > new_end:
            yield _Change(
                old_offsets[old_end],
                old_offsets[block.old],
                new_offsets[new_end],
                new_offsets[block.new],
            )
        old_end, new_end = block.old + block.size, block.new + block.size
