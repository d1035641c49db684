"""Changing username and e-mail address."""

import pytest
from sqlalchemy import select

from flaskblog.extensions import db
from flaskblog.mail import outbox
from flaskblog.models import FormerName, User
from tests.support.account import MOVE, stored, submit_account
from tests.support.client import Client, message_at
from tests.support.examples import REGISTRATION
from tests.support.factories import PASSWORD, make_user
from tests.support.outbox import outbox_rows
from tests.support.smtp_server import Mailbox


def test_saving_without_changes_stores_nothing_and_needs_no_password(
    author_client: Client, author: User
) -> None:
    before = stored(author)
    submit_account(author_client)
    assert stored(author) == before
    assert outbox_rows() == []


def test_username_and_email_can_be_changed_separately_or_together(
    author_client: Client, author: User
) -> None:
    submit_account(author_client, username=" Ada.L ")
    assert stored(author) == ("Ada.L", "ada.l", "author@example.org", "author@example.org")
    assert outbox_rows() == []
    submit_account(author_client, **MOVE | {"email": "Ada@Bücher.org "})
    assert stored(author) == ("Ada.L", "ada.l", "Ada@Bücher.org", "ada@xn--bcher-kva.org")
    submit_account(author_client, username="author", **MOVE)
    assert stored(author) == ("author", "author", "new@example.org", "new@example.org")


def test_unchanged_values_are_not_validated(author_client: Client, author: User) -> None:
    """A username that is reserved now, and an address that is invalid now, can stay."""
    author.rename("admin")
    author.email = "old style@localhost"
    db.session.commit()
    submit_account(author_client)
    submit_account(author_client, username="author")
    assert stored(author)[::2] == ("author", "old style@localhost")


def test_the_case_of_ones_own_username_and_email_can_be_changed(
    client: Client, author_client: Client, author: User
) -> None:
    submit_account(author_client, username="AUTHOR")
    submit_account(author_client, email="Author@Example.org", current_password=PASSWORD)
    assert stored(author) == ("AUTHOR", "author", "Author@Example.org", "author@example.org")
    assert db.session.scalars(select(FormerName)).all() == []
    assert client.get("/user/author").status_code == 200


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("username", "stranger"),
        ("username", "STRANGER"),
        ("username", ""),
        ("username", "admin"),
        ("username", "a b"),
        ("email", "stranger@bücher.example"),
        ("email", "Stranger@XN--BCHER-KVA.example"),
        ("email", "stranger@\uff42\u00fccher.example"),
        ("email", "ü@example.org"),
        ("email", "a@example.org\nBcc: b@example.org"),
        ("email", ""),
    ],
)
def test_a_taken_or_invalid_value_is_an_error_of_its_field(
    author_client: Client, author: User, field: str, typed: str
) -> None:
    make_user("Stranger", email="stranger@bücher.example")
    before = stored(author)
    response = author_client.submit("/account", **MOVE | {field: typed})
    assert response.status_code == 200
    assert message_at(response, field)
    assert stored(author) == before
    assert outbox_rows() == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a@bücher.example", "a@xn--bcher-kva.example"),
        ("a@bücher.example", "A@BÜCHER.example"),
        ("a@example.org", "a@\uff45xample.org"),
        ("a@example.org", "a@example.org "),
        ("a@b\u00fccher.example", "a@bu\u0308cher.example"),
    ],
)
def test_two_spellings_of_one_mailbox_cannot_be_two_accounts(
    client: Client, author_client: Client, one: str, other: str
) -> None:
    make_user("stranger", email=one)
    signed_up = client.submit("/register", **REGISTRATION.fields | {"email": other})
    assert message_at(signed_up, "email")
    assert message_at(author_client.submit("/account", **MOVE | {"email": other}), "email")


@pytest.mark.parametrize("password", ["", "a wrong one"])
def test_changing_the_email_requires_the_password(
    author_client: Client, author: User, password: str
) -> None:
    before = stored(author)
    fields = MOVE | {"current_password": password, "username": "renamed"}
    response = author_client.submit("/account", **fields)
    assert message_at(response, "current_password")
    assert 'value="new@example.org"' in response.text
    assert stored(author) == before


def test_the_old_address_is_notified(author_client: Client, mailbox: Mailbox) -> None:
    submit_account(author_client, username="renamed", **MOVE)
    [row] = outbox_rows()
    assert (row.recipient, row.template) == ("author@example.org", "address_changed")
    outbox.deliver_due()
    assert mailbox.recipients == ["author@example.org"]
    body = mailbox.messages[0].get_body(("plain",))
    assert body is not None
    assert "n***@example.org" in body.get_content()
    assert outbox_rows() == []


def test_the_account_page_requires_a_log_in(client: Client) -> None:
    assert client.get("/account").location == "/login?next=%2Faccount"
