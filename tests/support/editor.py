"""The editor as members use it: open it, fill it in, press one of its buttons."""

from typing import Any

from bs4 import Tag
from werkzeug.test import TestResponse

from tests.support.client import Client, fields_of, read


def form_fields(answer: TestResponse) -> dict[str, str]:
    """The fields of the form of a page, with line ends as the author typed them."""
    forms = read(answer).select("main form:not(.post-button)")
    assert len(forms) == 1, answer.status
    return {name: value.replace("\r\n", "\n") for name, value in fields_of(forms[0]).items()}


def open_editor(client: Client, address: str = "/post/new") -> dict[str, str]:
    return form_fields(client.get(address))


def press(
    client: Client, button: str, fields: dict[str, str], address: str = "/post/new", **typed: Any
) -> TestResponse:
    """One of `publish`, `preview` and `draft`."""
    return client.post(address, data=fields | typed | {"action": button})


def autosave(client: Client, fields: dict[str, str], **typed: Any) -> TestResponse:
    return client.post("/drafts/autosave", data=fields | typed)


def announcements(answer: TestResponse) -> list[str]:
    """The roles of the messages on a page."""
    return [str(tag["role"]) for tag in read(answer).select("main [role]") if _speaks(tag)]


def _speaks(tag: Tag) -> bool:
    return tag["role"] in {"alert", "status"} and bool(tag.text.strip())
