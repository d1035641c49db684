"""Links that reset a password, alive and dead."""

from typing import Any

from werkzeug.test import TestResponse

from tests.client import is_own_page, read

NEW = "another password for tests"
PAIR: dict[str, Any] = {"password": NEW, "confirm_password": NEW}


def is_dead(answer: TestResponse) -> bool:
    """Whether this is the friendly page that offers a new link."""
    offers = read(answer).select_one('main a[href="/reset_password"]')
    return answer.status_code == 410 and is_own_page(answer) and offers is not None
