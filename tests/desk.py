"""The desk as people use it: open it, fill it, press one of its buttons."""

from typing import Any

from bs4 import Tag
from werkzeug.test import TestResponse

from tests.client import Client, fields_of, read


def sheet(answer: TestResponse) -> dict[str, str]:
    """What the form of a page holds, on the desk or at log-in; line ends as the author typed."""
    forms = read(answer).select("main form:not(.post-button)")
    assert len(forms) == 1, answer.status
    return {name: value.replace("\r\n", "\n") for name, value in fields_of(forms[0]).items()}


def opened(client: Client, address: str = "/post/new") -> dict[str, str]:
    return sheet(client.get(address))


def press(
    client: Client, button: str, fields: dict[str, str], address: str = "/post/new", **typed: Any
) -> TestResponse:
    """One of `publish`, `preview` and `draft`."""
    return client.post(address, data=fields | typed | {"action": button})


def autosave(
    client: Client, fields: dict[str, str], address: str = "/post/new", **typed: Any
) -> TestResponse:
    return client.post(
        address,
        data=fields | typed | {"action": "draft"},
        headers={"Accept": "application/json"},
    )


def told(answer: TestResponse) -> list[str]:
    """What the page announces."""
    return [str(tag["role"]) for tag in read(answer).select("main [role]") if _speaks(tag)]


def _speaks(tag: Tag) -> bool:
    return tag["role"] in {"alert", "status"} and bool(tag.text.strip())
