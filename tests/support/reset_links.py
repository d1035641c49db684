"""Links that reset a password."""

from typing import Any

from werkzeug.test import TestResponse

from tests.support.client import is_own_page, read

NEW = "another password for tests"
PAIR: dict[str, Any] = {"password": NEW, "confirm_password": NEW}


def is_expired(answer: TestResponse) -> bool:
    """Whether this is the page of an expired link, which offers a new one."""
    offers = read(answer).select_one('main a[href="/reset_password"]')
    return answer.status_code == 410 and is_own_page(answer) and offers is not None
