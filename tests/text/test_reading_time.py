"""Reading time."""

import pytest

from flaskblog.text.reading_time import describe_length, reading_minutes


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("", 1),
        ("word " * 100, 1),
        ("word, " * 1_150, 5),
        ("— " * 1_150, 1),
        ("東京都。" * 500, 3),
        ("ひらがな" * 250, 2),
        ("한국어" * 500, 3),
        ("слово " * 460, 2),
        ("word " * 230 + "漢" * 500, 2),
    ],
)
def test_words_and_characters_of_east_asian_scripts_are_counted(text: str, minutes: int) -> None:
    assert reading_minutes(text) == minutes


def test_the_length_of_a_text_is_described_in_words_and_minutes() -> None:
    assert describe_length("One.") == "1 word · 1 min"
    assert describe_length("word " * 1_150) == "1,150 words · 5 min"
    assert describe_length(" — ") == ""
