"""Differences of two texts: exact, in whole words, and in bounded time."""

from itertools import pairwise
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaskblog.text.diff import Part, differences, fold_unchanged

WORDS = st.lists(
    st.sampled_from(["the ", "cat ", "sat", "\n", "\n\n", "on ", "猫", "- ", "\u2028", "'s "]),
    max_size=60,
).map("".join)
TEXTS = st.one_of(WORDS, st.text(max_size=200))


@given(TEXTS, TEXTS)
def test_the_parts_reproduce_both_versions(old: str, new: str) -> None:
    parts = differences(old, new)
    assert _joined(parts, "same", "removed") == old
    assert _joined(parts, "same", "added") == new
    assert all(part.text for part in parts)
    kinds = [part.kind for part in parts]
    assert all(one != other for one, other in pairwise(kinds))
    assert ("added", "removed") not in list(pairwise(kinds))


@given(TEXTS, TEXTS, st.integers(0, 30))
def test_folding_hides_unchanged_text_only(old: str, new: str, context: int) -> None:
    parts = differences(old, new)
    short = fold_unchanged(parts, context)
    assert _joined(short, "same", "skipped", "removed") == old
    assert _changed(short) == _changed(parts)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("The red cat.", "The blue cat.", "The [-red-]{+blue+} cat."),
        ("It wasn't good.", "It isn't good.", "It [-wasn't-]{+isn't+} good."),
        ("It ends.", "It ends. Not yet.", "It ends.{+ Not yet.+}"),
        ("one\ntwo\nthree\n", "one\nthree\n", "one\n[-two\n-]three\n"),
        ("我喜欢吃苹果。", "我喜欢吃香蕉。", "我喜欢吃[-苹果-]{+香蕉+}。"),
        ("[docs](http://a.example/b)", "[docs](http://a.example/c)", None),
        ("same", "same", "same"),
        ("", "all new", "{+all new+}"),
        ("all old", "", "[-all old-]"),
    ],
)
def test_changes_are_whole_words(old: str, new: str, expected: str | None) -> None:
    assert _marked(old, new) == (expected or "[docs](http://a.example/[-b-]{+c+})")


def test_a_rewritten_phrase_is_one_change() -> None:
    old = "I think the weather is nice, and we go."
    new = "In my view a storm is coming, and we go."
    assert (
        _marked(old, new) == "[-I think the weather is nice-]{+In my view a storm is coming+}, "
        "and we go."
    )


def test_rewritten_paragraphs_are_separate_changes() -> None:
    old = "Dogs run about.\n\nCats sit and wait.\n\nMice hide.\n"
    new = "Nothing of it.\n\nAll has been replaced.\n\nEverything went.\n"
    assert _marked(old, new).count("]{") == 3


def test_unchanged_lines_of_repeated_words_are_found() -> None:
    lines = [" ".join(f"{number:010b}") + "\n" for number in range(500)]
    old = "".join(["1 0 before\n", *lines, "1 0 before\n"])
    new = "".join(["0 1 after\n", *lines, "0 1 after\n"])
    assert len(_joined(differences(old, new), "added")) < 20


def test_an_unchanged_line_between_rewritten_paragraphs_stays() -> None:
    old = f"{'dogs ' * 50}\n\n# Notes\n\n{'cats ' * 50}\n"
    new = f"{'birds ' * 50}\n\n# Notes\n\n{'fish ' * 50}\n"
    assert Part("same", " \n\n# Notes\n\n") in differences(old, new)


def test_one_changed_word_in_a_long_text_is_shown_with_its_context() -> None:
    words = [f"word{number}" for number in range(10_000)]
    old = " ".join(words)
    new = " ".join([*words[:5_000], "changed", *words[5_001:]])
    skipped, before, removed, added, after, skipped_too = fold_unchanged(differences(old, new))
    assert (removed, added) == (Part("removed", "word5000"), Part("added", "changed"))
    assert skipped.kind == skipped_too.kind == "skipped"
    assert before.text.startswith("word") or before.text.startswith(" word")
    assert 100 < len(before.text) < 300
    assert 100 < len(after.text) < 300


def test_an_unchanged_text_is_folded_completely() -> None:
    assert fold_unchanged(differences("a " * 500, "a " * 500)) == [Part("skipped", "a " * 500)]


DISTINCT = [f"w{number}" for number in range(16_000)]

SLOW_TEXTS = {
    "nothing alike": (" ".join(DISTINCT), " ".join(DISTINCT).replace("w", "v")),
    "one word repeated": ("x " + "word " * 19_990 + "x", "y " + "word " * 19_000 + "y"),
    "two words in turn": ("a b " * 25_000, "b a " * 25_000),
    "two words in turn, a few thousand times": ("x" + " a b" * 1_700, "y" + " b a" * 1_700),
    "every second word": (
        "".join(f"{w} x " for w in DISTINCT),
        "".join(f"{w} y " for w in DISTINCT),
    ),
    "every second word, the rest repeated": (
        "".join(f"the {w} " for w in DISTINCT),
        "".join(f"the v{w} " for w in DISTINCT),
    ),
    "backwards": (" ".join(DISTINCT), " ".join(DISTINCT[::-1])),
    "lines backwards": ("\n".join(DISTINCT), "\n".join(DISTINCT[::-1])),
    "lines repeated": ("a\n" * 50_000, "b\na\n" * 25_000),
    "empty lines": ("\n" * 100_000, "a\n" + "\n" * 99_000 + "b"),
    "brackets and letters": ("a[" * 50_000, "[a" * 50_000),
    "anchors that show one after the other": (
        "".join(f"w{n + 1} x w{n} x " for n in range(8_000)),
        "".join(f"w{n + 1} y w{n} y " for n in range(8_000)),
    ),
    "small stretches without anchors": (
        "".join(f"{w} a b b a " for w in DISTINCT),
        "".join(f"{w} b a a b " for w in DISTINCT),
    ),
}


@pytest.fixture(scope="module")
def seconds_to_read() -> float:
    """The time for two texts of 16,000 different words, which are only read."""
    return min(_seconds(*SLOW_TEXTS["nothing alike"]) for _ in range(3))


@pytest.mark.parametrize("name", SLOW_TEXTS)
def test_adversarial_texts_take_bounded_time(name: str, seconds_to_read: float) -> None:
    # The slowest takes 60 times as long; one of quadratic time takes hundreds more.
    assert _seconds(*SLOW_TEXTS[name]) < 300 * seconds_to_read


def _seconds(old: str, new: str) -> float:
    began = process_time()
    differences(old[:100_000], new[:100_000])
    return process_time() - began


def _joined(parts: list[Part], *kinds: str) -> str:
    return "".join(part.text for part in parts if part.kind in kinds)


def _changed(parts: list[Part]) -> list[Part]:
    return [part for part in parts if part.kind in ("removed", "added")]


def _marked(old: str, new: str) -> str:
    marks = {"same": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}
    return "".join(marks[part.kind].format(part.text) for part in differences(old, new))
