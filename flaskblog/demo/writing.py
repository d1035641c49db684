"""Invented posts: who of the members writes when, and what."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import accumulate
from random import Random
from typing import NamedTuple

from flaskblog.demo.members import SITE_AGE
from flaskblog.demo.prose import Text, Topic, read_topics

POSTS_BEFORE_A_TOPIC_RETURNS = 5
LONGEST_TITLE_WITH_TAIL = 60
ZIPF_EXPONENT = 0.9  # a tenth of the members writes about half of the posts
_SHARE_WITH_EXTRA = 0.45
_SHARE_WITH_TAIL = 0.25
_BODIES = range(8)
_BODIES_WEIGHTS = (2, 5, 6, 5, 3, 2, 1, 1)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_PUNCTUATED = re.compile(r":|\?$")
_SEASONS = ("winter", "spring", "summer", "autumn")

_Topics = tuple[Topic, ...]


class DemoPost(NamedTuple):
    author: int
    title: str
    content: str
    created_at: datetime


def posts(
    count: int, *, joined: Sequence[datetime], seed: int, now: datetime
) -> Iterator[DemoPost]:
    """Yield posts in the order they were written, over the three years before the aware `now`.

    `joined` holds when each member joined, as aware times in any order; a post's `author` is an
    index into it. Six posts in a row, of all or of one author, never share a topic, and so no
    page repeats a sentence. Raises ValueError, when the first post is asked for, if nobody had
    joined by `now`.
    """
    if count and (not joined or min(joined) > now):
        raise ValueError("nobody had joined by the time given")
    rng = Random(seed)
    authors = _Authors(joined, rng)
    topics, tails = read_topics()
    lately: _Topics = ()
    lately_by: defaultdict[int, _Topics] = defaultdict(tuple)
    for created_at in _times(count, max(now - SITE_AGE, min(joined, default=now)), now, rng):
        author = authors.choose(created_at)
        told = {*lately, *lately_by[author]}
        topic = rng.choice([topic for topic in topics if topic not in told])
        lately = _remember(topic, lately)
        lately_by[author] = _remember(topic, lately_by[author])
        words = topic.choose_words(rng) | _calendar(created_at)
        title = _title(topic, tails, rng, words)
        yield DemoPost(author, title, _content(topic, rng, words), created_at)


def _remember(topic: Topic, earlier: _Topics) -> _Topics:
    return (topic, *earlier)[:POSTS_BEFORE_A_TOPIC_RETURNS]


class _Authors:
    """Members weighted by Zipf's law: few write a lot, most write little."""

    def __init__(self, joined: Sequence[datetime], rng: Random) -> None:
        self._rng = rng
        self._by_joining = sorted(range(len(joined)), key=joined.__getitem__)
        self._joined = [joined[index] for index in self._by_joining]
        ranks = rng.sample(range(1, len(joined) + 1), len(joined))
        self._weights = list(accumulate(rank**-ZIPF_EXPONENT for rank in ranks))
        self._latest = -1

    def choose(self, when: datetime) -> int:
        """Return a member who had joined by then, seldom the one chosen last."""
        present = bisect_right(self._joined, when)
        for _ in range(3):
            drawn = self._rng.random() * self._weights[present - 1]
            author = self._by_joining[bisect_right(self._weights, drawn, hi=present - 1)]
            if author != self._latest:
                break
        self._latest = author
        return author


def _times(count: int, start: datetime, end: datetime, rng: Random) -> Iterator[datetime]:
    for index in range(count):
        share = (index + rng.random()) / count
        # More is written as more people join: the exponent is below 1.
        yield start + (end - start) * share**0.8


def _calendar(when: datetime) -> dict[str, str]:
    season = _SEASONS[when.month % 12 // 3]
    return {"month": _MONTHS[when.month - 1], "season": season}


def _title(topic: Topic, tails: list[str], rng: Random, words: dict[str, str]) -> str:
    title = rng.choice(topic.titles).write(rng, words)
    takes_tail = len(title) <= LONGEST_TITLE_WITH_TAIL and not _PUNCTUATED.search(title)
    if takes_tail and rng.random() < _SHARE_WITH_TAIL:
        title += f": {rng.choice(tails)}"
    return title


def _content(topic: Topic, rng: Random, words: dict[str, str]) -> str:
    middle: list[Text] = rng.sample(topic.bodies, rng.choices(_BODIES, _BODIES_WEIGHTS)[0])
    if rng.random() < _SHARE_WITH_EXTRA:
        middle.insert(rng.randint(0, len(middle)), rng.choice(topic.extras))
    texts = [rng.choice(topic.openings), *middle, rng.choice(topic.closings)]
    return "\n\n".join(text.write(rng, words) for text in texts)
