"""Calling a function again after a lost race."""

import pytest

from flaskblog.extensions import db
from flaskblog.models import User
from flaskblog.posts.retry import ATTEMPTS, retry_on


class LostRaceError(Exception):
    pass


def test_a_function_is_called_again_after_a_rollback(author: User) -> None:
    usernames = []

    @retry_on(LostRaceError)
    def rename(username: str) -> str:
        usernames.append(author.username)
        author.username = username
        db.session.flush()
        if len(usernames) < ATTEMPTS:
            raise LostRaceError
        return "renamed"

    assert rename("changed") == "renamed"
    assert usernames == ["author"] * ATTEMPTS
    assert author.username == "changed"


def test_the_fifth_attempt_raises_the_error() -> None:
    calls = []

    @retry_on(LostRaceError)
    def lose() -> None:
        calls.append(1)
        raise LostRaceError

    with pytest.raises(LostRaceError):
        lose()
    assert len(calls) == ATTEMPTS == 5


def test_other_errors_are_raised_without_a_retry() -> None:
    calls = []

    @retry_on(LostRaceError)
    def fail() -> None:
        calls.append(1)
        raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        fail()
    assert len(calls) == 1
