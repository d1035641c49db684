"""Repeating functions that lost a race against another request."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flaskblog.extensions import db

P = ParamSpec("P")
Result = TypeVar("Result")
ATTEMPTS = 5


def retry_on(error: type[Exception]) -> Callable[[Callable[P, Result]], Callable[P, Result]]:
    """Roll back and call again, from the current rows, when a commit raises the error.

    The last of five attempts raises it.
    """

    def decorate(function: Callable[P, Result]) -> Callable[P, Result]:
        @wraps(function)
        def retrying(*args: P.args, **kwargs: P.kwargs) -> Result:
            for _ in range(ATTEMPTS - 1):
                try:
                    return function(*args, **kwargs)
                except error:
                    db.session.rollback()
            return function(*args, **kwargs)

        return retrying

    return decorate
