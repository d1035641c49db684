"""Numbers and durations in words."""

from flaskblog.text.phrases import count


def test_nouns_agree_with_their_number() -> None:
    assert count(0, "post") == "no posts"
    assert count(1, "post") == "1 post"
    assert count(2, "post") == "2 posts"
    assert count(1234, "person", "people") == "1,234 people"
    assert count(1, "person", "people") == "1 person"
    assert count(0, "person", "people") == "no people"
