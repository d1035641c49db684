"""Invalid input in every field of every form: an error at the field, and the input is kept."""

from io import BytesIO
from typing import Any
from unicodedata import normalize

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from flaskblog.database.base import Base
from flaskblog.extensions import db
from flaskblog.models import User
from tests.support.client import Client, browser, is_own_page, message_at, read
from tests.support.examples import FIELDS, FORMS, LOGIN, NEW_POST, REGISTRATION, FormExample
from tests.support.factories import PASSWORD, make_user

EACH_FIELD = pytest.mark.parametrize(
    ("form", "name"), FIELDS, ids=[f"{form.address} {name}" for form, name in FIELDS]
)


pytestmark = pytest.mark.usefixtures("author")


def send(client: Client, form: FormExample, **fields: Any) -> TestResponse:
    """Submit a valid form with other values for the given fields; `None` omits a field."""
    if form.members_only:
        author = db.session.scalars(select(User)).one()
        client.start_session(author)
    token = client.token(form.address)
    data = {"csrf_token": token, **form.fields, **fields}
    return client.post(
        form.address, data={name: value for name, value in data.items() if value is not None}
    )


def row_counts() -> dict[str, Any]:
    return {
        table.name: db.session.scalar(select(func.count()).select_from(table))
        for table in Base.metadata.sorted_tables
        if table.name in {"user", "post"}
    }


def assert_rejected(response: TestResponse, form: FormExample, name: str, typed: str = "") -> None:
    """The form is shown again with an error, nothing is stored, and all other input is kept."""
    assert response.status_code == 200
    assert message_at(response, name)
    assert "<title>Error: " in response.text
    assert row_counts() == {"user": 1, "post": 0}
    for other in form.fields:
        field = read(response).select_one(f'[name="{other}"]')
        assert field is not None
        value = field.text if field.name == "textarea" else str(field.get("value", ""))
        if other not in form.echoed:
            assert value == ""
        elif other != name:
            assert value.strip() == form.fields[other]
        else:
            assert value.strip() == normalize("NFC", typed.strip())


@EACH_FIELD
@pytest.mark.parametrize("typed", [None, "", " \t\r\n", "\u00a0\u3000"], ids=ascii)
def test_an_empty_field_is_an_error(
    client: Client, form: FormExample, name: str, typed: str | None
) -> None:
    response = send(client, form, **{name: typed})
    assert_rejected(response, form, name, typed or "")


@pytest.mark.parametrize("name", ["title", "content"])
@pytest.mark.parametrize("typed", ["\u200b", "\u3164", "\u2800\u200d", "\u202e\x01"], ids=ascii)
def test_a_blank_post_is_rejected(client: Client, name: str, typed: str) -> None:
    response = send(client, NEW_POST, **{name: typed})
    assert message_at(response, name)
    assert row_counts()["post"] == 0


@EACH_FIELD
def test_a_field_that_is_too_long_is_an_error(client: Client, form: FormExample, name: str) -> None:
    typed = "x" * (form.lengths[name] + 1)
    response = send(client, form, **{name: typed})
    error_field = "password" if form is LOGIN else name
    assert message_at(response, error_field)
    assert row_counts() == {"user": 1, "post": 0}
    if name in form.echoed:
        assert typed in response.text


@EACH_FIELD
def test_a_file_in_place_of_text_counts_as_empty(
    client: Client, form: FormExample, name: str
) -> None:
    response = send(client, form, **{name: (BytesIO(b"text in a file"), "words.txt")})
    assert_rejected(response, form, name)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.address)
def test_a_file_in_place_of_the_csrf_token_is_rejected(client: Client, form: FormExample) -> None:
    response = send(client, form, csrf_token=(BytesIO(b"token"), "token.txt"))
    assert response.status_code == 400


@EACH_FIELD
def test_the_first_value_of_a_repeated_field_counts(
    client: Client, form: FormExample, name: str
) -> None:
    response = send(client, form, **{name: ["", form.fields[name]]})
    assert_rejected(response, form, name)


@EACH_FIELD
@pytest.mark.parametrize("multipart", [False, True])
def test_nul_is_removed_from_posts_and_rejected_elsewhere(
    client: Client, form: FormExample, name: str, multipart: bool
) -> None:
    extra = {"picture": (BytesIO(b""), "empty.png")} if multipart else {}
    response = send(client, form, **{name: f"{form.fields[name]}\x00"}, **extra)
    if form is NEW_POST:
        assert response.status_code == 302
    elif form is LOGIN:
        assert message_at(response, "password")
    else:
        assert_rejected(response, form, name, form.fields[name])


@EACH_FIELD
@pytest.mark.parametrize("encoded", [b"%ED%A0%BD", b"%FF", b"\xff\xfe", b"%C3"])
def test_bytes_that_are_not_utf8_are_a_bad_request(
    client: Client, form: FormExample, name: str, encoded: bytes
) -> None:
    response = client.post(
        form.address,
        data=b"csrf_token=" + client.token().encode() + b"&" + name.encode() + b"=" + encoded,
        content_type="application/x-www-form-urlencoded",
    )
    assert response.status_code == 400
    assert is_own_page(response)


@pytest.mark.parametrize("invisible", ["\x01", "\x7f", "\x9f", "\u202e", "\ufeff"], ids=ascii)
def test_invisible_characters_in_username_or_email_are_rejected(
    client: Client, invisible: str
) -> None:
    response = send(client, REGISTRATION, username=f"new{invisible}comer")
    assert_rejected(response, REGISTRATION, "username", f"new{invisible}comer")
    response = send(client, REGISTRATION, email=f"new{invisible}comer@example.org")
    assert_rejected(response, REGISTRATION, "email", f"new{invisible}comer@example.org")


def test_different_passwords_are_an_error_of_the_second_field(client: Client) -> None:
    response = send(client, REGISTRATION, confirm_password="another password")
    assert_rejected(response, REGISTRATION, "confirm_password")


@pytest.mark.parametrize("username", ["author", "AUTHOR", "Author"])
def test_a_taken_username_is_an_error_in_any_case(client: Client, username: str) -> None:
    response = send(client, REGISTRATION, username=username)
    assert_rejected(response, REGISTRATION, "username", username)


def test_a_taken_email_is_an_error_in_any_spelling(app: Flask) -> None:
    make_user("bookseller", "books@bücher.org")
    for typed in ("BOOKS@BÜCHER.ORG", "books@xn--bcher-kva.org", "books@bu\u0308cher.org"):
        response = send(browser(app), REGISTRATION, email=typed)
        assert message_at(response, "email")
        assert row_counts()["user"] == 2


def test_the_first_invalid_field_has_the_focus(client: Client) -> None:
    page = read(send(client, REGISTRATION, email="", password="short"))
    assert [field["name"] for field in page.select("[autofocus]")] == ["email"]


def test_a_submitted_password_is_not_in_the_response(client: Client) -> None:
    for form in (REGISTRATION, LOGIN):
        response = send(client, form, **{sorted(form.echoed)[0]: ""})
        assert response.status_code == 200
        assert PASSWORD not in response.text
