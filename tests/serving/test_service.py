"""The delays after which an ended process is started again."""

from flaskblog.serving.service import Backoff


def test_the_delay_doubles_up_to_a_minute() -> None:
    backoff = Backoff()
    assert [backoff.next_delay(lived=0) for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_minute_of_life_resets_the_delay() -> None:
    backoff = Backoff()
    assert [backoff.next_delay(lived) for lived in (59, 59, 59, 60, 59)] == [1, 2, 4, 1, 2]
