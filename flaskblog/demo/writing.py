"""Invented posts: authors, times and texts."""

import re
from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import accumulate
from random import Random
from typing import NamedTuple

from flaskblog.demo.members import SITE_AGE
from flaskblog.demo.prose import Template, Topic, read_topics

TOPIC_INTERVAL = 5  # posts
MAX_LENGTH_BEFORE_SUBTITLE = 60
ZIPF_EXPONENT = 0.9  # a tenth of the members writes about half of the posts
_SHARE_WITH_EXTRA = 0.45
_SHARE_WITH_SUBTITLE = 0.25
_BODIES = range(8)
_BODIES_WEIGHTS = (2, 5, 6, 5, 3, 2, 1, 1)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_PUNCTUATED = re.compile(r":|\?$")
_SEASONS = ("winter", "spring", "summer", "autumn")


class DemoPost(NamedTuple):
    author: int
    title: str
    content: str
    created_at: datetime


def posts(
    count: int, *, joined: Sequence[datetime], seed: int, now: datetime
) -> Iterator[DemoPost]:
    """Yield posts by time, over the three years before `now`.

    All times are aware. `joined` has the time when each member joined, in any order; a post's
    `author` is an index into it. Six consecutive posts, of the site or of an author, have different
    topics, so that no page repeats a sentence. Raises ValueError at the first post if `joined` has
    no time before `now`.
    """
    if count and (not joined or min(joined) > now):
        raise ValueError("no member had joined by the given time")
    rng = Random(seed)
    authors = _Authors(joined, rng)
    topics, subtitles = read_topics()
    sequence = _TopicSequence(topics, rng)
    for created_at in _times(count, max(now - SITE_AGE, min(joined, default=now)), now, rng):
        author = authors.choose(created_at)
        topic = sequence.choose(author)
        words = topic.choose_words(rng) | _calendar(created_at)
        title = _title(topic, subtitles, rng, words)
        yield DemoPost(author, title, _content(topic, rng, words), created_at)


class _TopicSequence:
    """Topics that do not recur within `TOPIC_INTERVAL` posts of the site, or of an author."""

    def __init__(self, topics: list[Topic], rng: Random) -> None:
        self._topics = topics
        self._rng = rng
        self._recent = _recent_topics()
        self._recent_by: defaultdict[int, deque[Topic]] = defaultdict(_recent_topics)

    def choose(self, author: int) -> Topic:
        recent = {*self._recent, *self._recent_by[author]}
        topic = self._rng.choice([topic for topic in self._topics if topic not in recent])
        self._recent.append(topic)
        self._recent_by[author].append(topic)
        return topic


def _recent_topics() -> deque[Topic]:
    return deque(maxlen=TOPIC_INTERVAL)


class _Authors:
    """Members weighted by Zipf's law."""

    def __init__(self, joined: Sequence[datetime], rng: Random) -> None:
        self._rng = rng
        self._by_joining = sorted(range(len(joined)), key=joined.__getitem__)
        self._joined = [joined[index] for index in self._by_joining]
        ranks = rng.sample(range(1, len(joined) + 1), len(joined))
        self._weights = list(accumulate(rank**-ZIPF_EXPONENT for rank in ranks))
        self._latest = -1

    def choose(self, when: datetime) -> int:
        """Return a member who had joined by then, rarely the previous one."""
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
        # An exponent below 1: a larger site writes more.
        yield start + (end - start) * share**0.8


def _calendar(when: datetime) -> dict[str, str]:
    season = _SEASONS[when.month % 12 // 3]
    return {"month": _MONTHS[when.month - 1], "season": season}


def _title(topic: Topic, subtitles: list[str], rng: Random, words: dict[str, str]) -> str:
    title = rng.choice(topic.titles).render(rng, words)
    may_have_subtitle = len(title) <= MAX_LENGTH_BEFORE_SUBTITLE and not _PUNCTUATED.search(title)
    if may_have_subtitle and rng.random() < _SHARE_WITH_SUBTITLE:
        title += f": {rng.choice(subtitles)}"
    return title


def _content(topic: Topic, rng: Random, words: dict[str, str]) -> str:
    middle: list[Template] = rng.sample(topic.bodies, rng.choices(_BODIES, _BODIES_WEIGHTS)[0])
    if rng.random() < _SHARE_WITH_EXTRA:
        middle.insert(rng.randint(0, len(middle)), rng.choice(topic.extras))
    templates = [rng.choice(topic.openings), *middle, rng.choice(topic.closings)]
    return "\n\n".join(template.render(rng, words) for template in templates)
