"""Every field of every form, filled wrongly: a message at the field, and the words stay."""

from io import BytesIO
from typing import Any
from unicodedata import normalize

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from flaskblog.database import Base
from flaskblog.extensions import db
from flaskblog.models import User
from tests.client import Client, browser, is_own_page, message_at, read
from tests.examples import FIELDS, FORMS, LOGIN, NEW_POST, REGISTRATION, FormExample
from tests.factories import PASSWORD, make_user

EACH_FIELD = pytest.mark.parametrize(
    ("form", "name"), FIELDS, ids=[f"{form.address} {name}" for form, name in FIELDS]
)


pytestmark = pytest.mark.usefixtures("writer")


def send(client: Client, form: FormExample, **fields: Any) -> TestResponse:
    """Send a form that is right but for the given fields; `None` leaves one out."""
    if form.members_only:
        writer = db.session.scalars(select(User)).one()
        client.log_in(writer)
    token = client.token(form.address)
    data = {"csrf_token": token, **form.fields, **fields}
    return client.post(
        form.address, data={name: value for name, value in data.items() if value is not None}
    )


def rows() -> dict[str, Any]:
    return {
        table.name: db.session.scalar(select(func.count()).select_from(table))
        for table in Base.metadata.sorted_tables
        if table.name in {"user", "post"}
    }


def assert_refused(answer: TestResponse, form: FormExample, name: str, typed: str = "") -> None:
    """The form is shown again with a message, nothing is stored, and no other word is lost."""
    assert answer.status_code == 200
    assert message_at(answer, name)
    assert rows() == {"user": 1, "post": 0}
    for other in form.fields:
        field = read(answer).select_one(f'[name="{other}"]')
        assert field is not None
        shown = field.text if field.name == "textarea" else str(field.get("value", ""))
        if other not in form.echoed:
            assert shown == ""
        elif other != name:
            assert shown.strip() == form.fields[other]
        else:
            assert shown.strip() == normalize("NFC", typed.strip())


@EACH_FIELD
@pytest.mark.parametrize("typed", [None, "", " \t\r\n", "\u00a0\u3000"], ids=ascii)
def test_an_empty_field_is_told_at_the_field(
    client: Client, form: FormExample, name: str, typed: str | None
) -> None:
    answer = send(client, form, **{name: typed})
    assert_refused(answer, form, name, typed or "")


@pytest.mark.parametrize("name", ["title", "content"])
@pytest.mark.parametrize("typed", ["\u200b", "\u3164", "\u2800\u200d", "\u202e\x01"], ids=ascii)
def test_a_post_that_shows_nothing_is_refused(client: Client, name: str, typed: str) -> None:
    answer = send(client, NEW_POST, **{name: typed})
    assert message_at(answer, name)
    assert rows()["post"] == 0


@EACH_FIELD
def test_a_field_that_is_too_long_is_told_at_a_field(
    client: Client, form: FormExample, name: str
) -> None:
    typed = "x" * (form.lengths[name] + 1)
    answer = send(client, form, **{name: typed})
    told_at = "password" if form is LOGIN else name
    assert message_at(answer, told_at)
    assert rows() == {"user": 1, "post": 0}
    if name in form.echoed:
        assert typed in answer.text


@EACH_FIELD
def test_a_file_in_place_of_a_text_counts_as_nothing(
    client: Client, form: FormExample, name: str
) -> None:
    answer = send(client, form, **{name: (BytesIO(b"text in a file"), "words.txt")})
    assert_refused(answer, form, name)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.address)
def test_a_file_in_place_of_the_token_is_refused(client: Client, form: FormExample) -> None:
    answer = send(client, form, csrf_token=(BytesIO(b"token"), "token.txt"))
    assert answer.status_code == 400


@EACH_FIELD
def test_of_a_repeated_field_the_first_counts(client: Client, form: FormExample, name: str) -> None:
    answer = send(client, form, **{name: ["", form.fields[name]]})
    assert_refused(answer, form, name)


@EACH_FIELD
@pytest.mark.parametrize("multipart", [False, True])
def test_nul_is_refused_before_any_form_sees_it(
    client: Client, form: FormExample, name: str, multipart: bool
) -> None:
    extra = {"picture": (BytesIO(b""), "empty.png")} if multipart else {}
    answer = send(client, form, **{name: f"{form.fields[name]}\x00"}, **extra)
    assert answer.status_code == 400
    assert is_own_page(answer)


@EACH_FIELD
@pytest.mark.parametrize("encoded", [b"%ED%A0%BD", b"%FF", b"\xff\xfe", b"%C3"])
def test_bytes_that_are_no_text_are_refused(
    client: Client, form: FormExample, name: str, encoded: bytes
) -> None:
    answer = client.post(
        form.address,
        data=b"csrf_token=" + client.token().encode() + b"&" + name.encode() + b"=" + encoded,
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code == 400
    assert is_own_page(answer)


@pytest.mark.parametrize("hidden", ["\x01", "\x7f", "\x9f", "\u202e", "\ufeff"], ids=ascii)
def test_no_hidden_character_is_taken_into_a_name_or_an_address(
    client: Client, hidden: str
) -> None:
    answer = send(client, REGISTRATION, username=f"new{hidden}comer")
    assert_refused(answer, REGISTRATION, "username", f"new{hidden}comer")
    answer = send(client, REGISTRATION, email=f"new{hidden}comer@example.org")
    assert_refused(answer, REGISTRATION, "email", f"new{hidden}comer@example.org")


def test_two_different_passwords_are_told_at_the_second(client: Client) -> None:
    answer = send(client, REGISTRATION, confirm_password="another password")
    assert_refused(answer, REGISTRATION, "confirm_password")


@pytest.mark.parametrize("username", ["writer", "WRITER", "Writer"])
def test_a_name_that_is_taken_is_told_whatever_its_case(client: Client, username: str) -> None:
    answer = send(client, REGISTRATION, username=username)
    assert_refused(answer, REGISTRATION, "username", username)


def test_an_address_that_is_taken_is_told_whatever_its_spelling(app: Flask) -> None:
    make_user("bookseller", "books@bücher.org")
    for typed in ("BOOKS@BÜCHER.ORG", "books@xn--bcher-kva.org", "books@bu\u0308cher.org"):
        answer = send(browser(app), REGISTRATION, email=typed)
        assert message_at(answer, "email")
        assert rows()["user"] == 2


def test_the_first_wrong_field_takes_the_focus(client: Client) -> None:
    page = read(send(client, REGISTRATION, email="", password="short"))
    assert [field["name"] for field in page.select("[autofocus]")] == ["email"]


def test_no_page_ever_holds_a_password_that_was_typed(client: Client) -> None:
    for form in (REGISTRATION, LOGIN):
        answer = send(client, form, **{sorted(form.echoed)[0]: ""})
        assert answer.status_code == 200
        assert PASSWORD not in answer.text
