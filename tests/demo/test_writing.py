"""Invented posts."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import chain, pairwise

import pytest

from flaskblog.demo import DemoPost, posts
from tests.demo.conftest import NOW

POSTS_ON_A_PAGE = 5
LONGEST_TITLE = 100
SMALLEST_SHARE, LARGEST_SHARE = 0.4, 0.7
FEWEST_PARAGRAPHS, MOST_PARAGRAPHS = 2, 12
WORDS_IN_A_SENTENCE = 3


def test_the_same_seed_and_time_give_the_same_posts(
    joined: list[datetime], written: list[DemoPost]
) -> None:
    assert list(posts(4000, joined=joined, seed=1, now=NOW)) == written
    assert list(posts(4000, joined=joined, seed=2, now=NOW)) != written


def test_posts_are_ordered_by_time_over_three_years(
    written: list[DemoPost],
) -> None:
    times = [post.created_at for post in written]
    assert times == sorted(times)
    assert times[-1] <= NOW
    assert times[-1] - times[0] > timedelta(days=3 * 350)
    assert times[0].tzinfo is UTC


def test_no_member_writes_before_joining(joined: list[datetime]) -> None:
    shuffled = joined[1::2] + joined[::2]
    for post in posts(2000, joined=shuffled, seed=3, now=NOW):
        assert shuffled[post.author] <= post.created_at


def test_posts_without_members_are_refused() -> None:
    with pytest.raises(ValueError, match="no member had joined"):
        next(posts(1, joined=[], seed=1, now=NOW))
    with pytest.raises(ValueError, match="no member had joined"):
        next(posts(1, joined=[NOW + timedelta(seconds=1)], seed=1, now=NOW))


def test_a_single_member_writes_all_posts() -> None:
    assert {post.author for post in posts(20, joined=[NOW], seed=1, now=NOW)} == {0}


def test_a_tenth_of_the_members_writes_about_half(
    joined: list[datetime], written: list[DemoPost]
) -> None:
    by_author = Counter(post.author for post in written)
    busiest = by_author.most_common(len(joined) // 10)
    assert SMALLEST_SHARE < sum(number for _, number in busiest) / len(written) < LARGEST_SHARE
    assert len(by_author) > len(joined) / 2


def test_titles_have_one_to_a_hundred_characters(written: list[DemoPost]) -> None:
    assert [
        post.title for post in written if not 1 <= len(post.title.strip()) <= LONGEST_TITLE
    ] == []


def test_contents_have_two_to_twelve_paragraphs(written: list[DemoPost]) -> None:
    lengths = {len(post.content.split("\n\n")) for post in written}
    assert min(lengths) == FEWEST_PARAGRAPHS
    assert max(lengths) <= MOST_PARAGRAPHS


def test_no_placeholder_remains(written: list[DemoPost]) -> None:
    placeholder = re.compile(r"[{}]|\[[^\]]*\|")
    text = [post.title + "\n" + post.content for post in written]
    assert [post for post in text if placeholder.search(post)] == []


def test_no_word_is_repeated_and_no_space_precedes_punctuation(written: list[DemoPost]) -> None:
    slip = re.compile(r"\b([a-z]{2,}) \1\b|\w [,.;!?]|  \S", re.IGNORECASE)
    prose = [
        paragraph
        for post in written
        for paragraph in [post.title, *post.content.split("\n\n")]
        if not paragraph.startswith(("```", "|"))
    ]
    assert [paragraph for paragraph in prose if slip.search(paragraph)] == []


def test_no_indefinite_article_is_wrong(written: list[DemoPost]) -> None:
    wrong = re.compile(r"\ba (?!one\b|use)[aeiou]\w*|\ban [^aeiou\W]\w*", re.IGNORECASE)
    found = {slip for post in written for slip in wrong.findall(post.title + " " + post.content)}
    assert found - {"an hour", "an honest", "An honest", "An hour"} == set()


def test_titles_vary(written: list[DemoPost]) -> None:
    titles = [post.title for post in written[-500:]]
    assert len(set(titles)) >= 0.95 * len(titles)


def test_no_sentence_is_repeated_on_a_page(written: list[DemoPost]) -> None:
    assert _pages_with_a_repeat(written) == []


def test_no_sentence_is_repeated_on_a_page_of_one_author(written: list[DemoPost]) -> None:
    for author in {post.author for post in written}:
        assert _pages_with_a_repeat([post for post in written if post.author == author]) == []


def test_consecutive_posts_share_no_paragraph(written: list[DemoPost]) -> None:
    for earlier, later in pairwise(written):
        shared = set(earlier.content.split("\n\n")) & set(later.content.split("\n\n"))
        assert shared == set()


@pytest.mark.parametrize(
    "markup",
    [r"^## \w", r"^- \w", r"^1\. \w", r"^> \w", r"^```python$", r"^\|--", r"\]\(https://", r"\*\*"],
)
def test_some_posts_and_not_most_use_each_markdown_element(
    written: list[DemoPost], markup: str
) -> None:
    using = sum(bool(re.search(markup, post.content, re.MULTILINE)) for post in written)
    assert 0 < using < len(written) / 3


def test_posts_are_generated_lazily(joined: list[datetime]) -> None:
    first = next(posts(10**9, joined=joined, seed=1, now=NOW))
    assert first.created_at - joined[0] < timedelta(minutes=1)


def _pages_with_a_repeat(of: list[DemoPost]) -> list[int]:
    sentences = [_sentences(post.content) for post in of]
    pages = [
        list(chain.from_iterable(sentences[first : first + POSTS_ON_A_PAGE]))
        for first in range(len(of))
    ]
    return [first for first, page in enumerate(pages) if len(set(page)) < len(page)]


def _sentences(content: str) -> list[str]:
    parts = re.split(r"(?<=[.!?:])\s+|\n+", content)
    return [part for part in parts if len(part.split()) >= WORDS_IN_A_SENTENCE]
