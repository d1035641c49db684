"""Asking for a reset tells nobody who has an account."""

import time
from statistics import median

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from flaskblog.extensions import db
from flaskblog.models import Mail
from tests.client import Client, message_at
from tests.outbox import left

UNKNOWN = ["nobody@example.org", "writer+tag@example.org", "WRITER@bücher.example"]
TIMES = 30
TOLERANCE = 0.2


def ask(client: Client, address: str) -> TestResponse:
    return client.submit("/reset_password", email=address)


def without(page: TestResponse, address: str) -> str:
    """A page as bytes tell it, but for the address that was asked about."""
    return page.text.replace(address, "ADDRESS")


@pytest.mark.usefixtures("writer")
def test_known_and_unknown_addresses_are_answered_alike(
    client: Client, statements: list[str]
) -> None:
    pages, works = set(), set()
    token = client.token("/reset_password")
    for address in ("writer@example.org", "Writer@Example.ORG", *UNKNOWN):
        statements.clear()
        answer = client.post("/reset_password", data={"csrf_token": token, "email": address})
        pages.add((answer.status_code, without(answer, address), tuple(answer.headers.keys())))
        works.add(tuple(statements))
    assert len(pages) == len(works) == 1
    assert len(left()) == 5


@pytest.mark.parametrize(
    "address",
    ["", "nobody", "ü@example.org", "a@b@c.org", "a@[127.0.0.1]", f"{'x' * 250}@example.org",
     "a@example.org\nBcc: b@example.org", "a@example.org\r\n\r\nb"],
)  # fmt: skip
def test_what_is_no_address_is_told_at_the_field_and_mails_nothing(
    client: Client, address: str
) -> None:
    answer = ask(client, address)
    assert answer.status_code == 200
    assert message_at(answer, "email")
    assert left() == []


@pytest.mark.usefixtures("writer")
def test_known_and_unknown_addresses_take_equally_long(client: Client) -> None:
    """In the time of this thread, which other work on the machine does not stretch."""
    token = client.token("/reset_password")
    taken: dict[str, list[float]] = {"writer@example.org": [], "nobody@example.org": []}
    for _ in range(TIMES):
        for address, times in taken.items():
            began = time.thread_time()
            client.post("/reset_password", data={"csrf_token": token, "email": address})
            times.append(time.thread_time() - began)
    known, unknown = map(median, taken.values())
    assert abs(known / unknown - 1) < TOLERANCE


def test_asking_is_written_with_the_address_as_typed_and_no_secret(client: Client) -> None:
    ask(client, " Writer@Example.org ")
    [mail] = db.session.scalars(select(Mail))
    assert (mail.recipient, mail.template, mail.context) == (
        "Writer@Example.org",
        "reset_password",
        {},
    )
