"""Changing name and address, alone and together."""

import pytest
from sqlalchemy import select

from flaskblog import outbox
from flaskblog.extensions import db
from flaskblog.models import FormerName, User
from tests.client import Client, message_at
from tests.examples import REGISTRATION
from tests.factories import PASSWORD, make_user
from tests.outbox import left
from tests.smtp import Mailbox
from tests.users.account import MOVE, saved, stored


def test_saving_what_is_there_changes_nothing_and_asks_no_password(
    writer_client: Client, writer: User
) -> None:
    before = stored(writer)
    saved(writer_client)
    assert stored(writer) == before
    assert left() == []


def test_name_and_address_change_alone_and_together(writer_client: Client, writer: User) -> None:
    saved(writer_client, username=" Ada.L ")
    assert stored(writer) == ("Ada.L", "ada.l", "writer@example.org", "writer@example.org")
    assert left() == []
    saved(writer_client, **MOVE | {"email": "Ada@Bücher.org "})
    assert stored(writer) == ("Ada.L", "ada.l", "Ada@Bücher.org", "ada@xn--bcher-kva.org")
    saved(writer_client, username="writer", **MOVE)
    assert stored(writer) == ("writer", "writer", "new@example.org", "new@example.org")


def test_only_what_changed_is_checked(writer_client: Client, writer: User) -> None:
    """A name that is reserved by now, and an address that no rule would take, stay as they are."""
    writer.rename("admin")
    writer.email = "old style@localhost"
    db.session.commit()
    saved(writer_client)
    saved(writer_client, username="writer")
    assert stored(writer)[::2] == ("writer", "old style@localhost")


def test_another_case_of_the_own_name_and_address_is_free(
    client: Client, writer_client: Client, writer: User
) -> None:
    saved(writer_client, username="WRITER")
    saved(writer_client, email="Writer@Example.org", current_password=PASSWORD)
    assert stored(writer) == ("WRITER", "writer", "Writer@Example.org", "writer@example.org")
    assert db.session.scalars(select(FormerName)).all() == []
    assert client.get("/user/writer").status_code == 200


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
def test_what_is_taken_or_wrong_is_told_at_the_field(
    writer_client: Client, writer: User, field: str, typed: str
) -> None:
    make_user("Stranger", email="stranger@bücher.example")
    before = stored(writer)
    answer = writer_client.submit("/account", **MOVE | {field: typed})
    assert answer.status_code == 200
    assert message_at(answer, field)
    assert stored(writer) == before
    assert left() == []


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
def test_two_spellings_of_one_mailbox_are_never_two_accounts(
    client: Client, writer_client: Client, one: str, other: str
) -> None:
    make_user("stranger", email=one)
    signed_up = client.submit("/register", **REGISTRATION.fields | {"email": other})
    assert message_at(signed_up, "email")
    assert message_at(writer_client.submit("/account", **MOVE | {"email": other}), "email")


@pytest.mark.parametrize("password", ["", "a wrong one"])
def test_another_address_needs_the_password(
    writer_client: Client, writer: User, password: str
) -> None:
    before = stored(writer)
    fields = MOVE | {"current_password": password, "username": "renamed"}
    answer = writer_client.submit("/account", **fields)
    assert message_at(answer, "current_password")
    assert 'value="new@example.org"' in answer.text
    assert stored(writer) == before


def test_the_old_address_is_told_by_mail(writer_client: Client, mailbox: Mailbox) -> None:
    saved(writer_client, username="renamed", **MOVE)
    [row] = left()
    assert (row.recipient, row.template) == ("writer@example.org", "address_changed")
    outbox.deliver_due()
    assert mailbox.recipients == ["writer@example.org"]
    body = mailbox.messages[0].get_body(("plain",))
    assert body is not None
    assert "n***@example.org" in body.get_content()
    assert left() == []


def test_a_visitor_is_led_through_log_in(client: Client) -> None:
    assert client.get("/account").location == "/login?next=%2Faccount"
