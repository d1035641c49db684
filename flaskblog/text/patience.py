"""Matching blocks of two sequences, found in bounded time."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

# Levels of recursion between anchors; each reads the remaining tokens once.
_MAX_DEPTH = 4


class Block(NamedTuple):
    """`size` equal tokens, starting at `old` and at `new`."""

    old: int
    new: int
    size: int


class Matcher:
    """Patience diff (Bram Cohen), with the heaviest common subsequence between anchors.

    difflib takes quadratic time and more for a text of repeated words.
    """

    def __init__(self, comparisons: int) -> None:
        """`comparisons` limits the token pairs compared without anchors, over all calls."""
        self.comparisons = comparisons

    def blocks(self, old: Sequence[str], new: Sequence[str]) -> list[Block]:
        """Return equal blocks in order, not overlapping; neighbours may touch."""
        found: list[Block] = []
        self._match(old, new, Block(0, 0, 0), _MAX_DEPTH, found)
        return found

    def _match(
        self, old: Sequence[str], new: Sequence[str], start: Block, depth: int, found: list[Block]
    ) -> None:
        """Append the blocks of two stretches that begin at `start`."""
        head = _common_prefix(old, new)
        tail = _common_prefix(old[head:][::-1], new[head:][::-1])
        if head:
            found.append(Block(start.old, start.new, head))
        inner_old, inner_new = old[head : len(old) - tail], new[head : len(new) - tail]
        if not set(inner_old).isdisjoint(inner_new):
            at = Block(start.old + head, start.new + head, 0)
            anchors = _anchors(inner_old, inner_new) if depth else []
            if anchors:
                ends = [*anchors, (len(inner_old), len(inner_new))]
                for (i, j), (i_end, j_end) in zip([(0, 0), *anchors], ends, strict=True):
                    stretch = Block(at.old + i, at.new + j, 0)
                    self._match(inner_old[i:i_end], inner_new[j:j_end], stretch, depth - 1, found)
            elif len(inner_old) * len(inner_new) <= self.comparisons:
                self.comparisons -= len(inner_old) * len(inner_new)
                found.extend(
                    Block(at.old + i, at.new + j, 1)
                    for i, j in _heaviest_common(inner_old, inner_new)
                )
        if tail:
            found.append(Block(start.old + len(old) - tail, start.new + len(new) - tail, tail))


def _common_prefix(old: Sequence[str], new: Sequence[str]) -> int:
    """Return the number of equal tokens at the start."""
    length = 0
    for one, other in zip(old, new, strict=False):
        if one != other:
            break
        length += 1
    return length


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Return positions of tokens unique in both: the longest sequence in the same order."""
    old_counts, new_counts = Counter(old), Counter(new)
    places = {token: j for j, token in enumerate(new) if new_counts[token] == 1}
    pairs = [
        (i, places[token])
        for i, token in enumerate(old)
        if old_counts[token] == 1 and token in places
    ]
    ends: list[int] = []
    chain: list[int] = []
    before: list[int] = []
    for index, (_, j) in enumerate(pairs):
        length = bisect_left(ends, j)
        before.append(chain[length - 1] if length else -1)
        ends[length : length + 1] = [j]
        chain[length : length + 1] = [index]
    longest: list[tuple[int, int]] = []
    index = chain[-1] if chain else -1
    while index >= 0:
        longest.append(pairs[index])
        index = before[index]
    return longest[::-1]


def _heaviest_common(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the positions of the common subsequence with the most characters."""
    weights = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in range(len(old) - 1, -1, -1):
        token, row, below = old[i], weights[i], weights[i + 1]
        for j in range(len(new) - 1, -1, -1):
            if token == new[j]:
                row[j] = below[j + 1] + len(token)
            else:
                row[j] = below[j] if below[j] > row[j + 1] else row[j + 1]
    i = j = 0
    while i < len(old) and j < len(new):
        if old[i] == new[j]:
            yield i, j
            i, j = i + 1, j + 1
        elif weights[i + 1][j] >= weights[i][j + 1]:
            i += 1
        else:
            j += 1
