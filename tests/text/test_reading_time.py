"""Reading time."""

import pytest

from flaskblog.text.reading_time import reading_minutes


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
