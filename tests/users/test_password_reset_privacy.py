"""A reset request does not reveal whether an address has an account."""

import time
from statistics import median

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from flaskblog.extensions import db
from flaskblog.models import Mail
from tests.support.client import Client, message_at
from tests.support.outbox import outbox_rows

UNKNOWN = ["nobody@example.org", "author+tag@example.org", "AUTHOR@bücher.example"]
ROUNDS = 30
TOLERANCE = 0.2


def request_reset(client: Client, address: str) -> TestResponse:
    return client.submit("/reset_password", email=address)


def without(page: TestResponse, address: str) -> str:
    """The source of a page without the submitted address."""
    return page.text.replace(address, "ADDRESS")


@pytest.mark.usefixtures("author")
def test_known_and_unknown_addresses_get_the_same_response(
    client: Client, statements: list[str]
) -> None:
    pages, queries = set(), set()
    token = client.token("/reset_password")
    for address in ("author@example.org", "Author@Example.ORG", *UNKNOWN):
        statements.clear()
        response = client.post("/reset_password", data={"csrf_token": token, "email": address})
        pages.add(
            (response.status_code, without(response, address), tuple(response.headers.keys()))
        )
        queries.add(tuple(statements))
    assert len(pages) == len(queries) == 1
    assert len(outbox_rows()) == 5


@pytest.mark.parametrize(
    "address",
    ["", "nobody", "ü@example.org", "a@b@c.org", "a@[127.0.0.1]", f"{'x' * 250}@example.org",
     "a@example.org\nBcc: b@example.org", "a@example.org\r\n\r\nb"],
)  # fmt: skip
def test_an_invalid_address_is_an_error_and_sends_no_mail(client: Client, address: str) -> None:
    response = request_reset(client, address)
    assert response.status_code == 200
    assert message_at(response, "email")
    assert outbox_rows() == []


@pytest.mark.usefixtures("author")
def test_known_and_unknown_addresses_take_the_same_time(client: Client) -> None:
    """In CPU time of this thread, which does not depend on other load."""
    token = client.token("/reset_password")
    measured: dict[str, list[float]] = {"author@example.org": [], "nobody@example.org": []}
    for _ in range(ROUNDS):
        for address, durations in measured.items():
            start = time.thread_time()
            client.post("/reset_password", data={"csrf_token": token, "email": address})
            durations.append(time.thread_time() - start)
    known, unknown = map(median, measured.values())
    assert abs(known / unknown - 1) < TOLERANCE


def test_the_outbox_stores_the_address_as_typed_and_no_secret(client: Client) -> None:
    request_reset(client, " Author@Example.org ")
    [mail] = db.session.scalars(select(Mail))
    assert (mail.recipient, mail.template, mail.context) == (
        "Author@Example.org",
        "reset_password",
        {},
    )
