"""Matching blocks of two sequences."""

from flaskblog.text.patience import Matcher


def test_longer_words_are_matched_rather_than_more_words() -> None:
    old = ["x", "a", "a", "a", "storm", "storm", "x"]
    new = ["y", "storm", "storm", "a", "a", "a", "y"]
    matched = [old[block.old] for block in Matcher(comparisons=49).blocks(old, new)]
    assert matched == ["storm", "storm"]


def test_all_stretches_share_one_limit_of_comparisons() -> None:
    matcher = Matcher(comparisons=100)
    assert len(matcher.blocks("abab" * 2, "baba" * 2)) > 0
    left = matcher.comparisons
    assert 0 <= left < 100
    assert matcher.blocks("xaabbx" * 50, "ybbaay" * 50) == []
    assert matcher.comparisons == left
