"""A token alone does not change the address or the password, nor delete the account."""

from typing import Any

import pytest
from sqlalchemy import select

from flaskblog.extensions import db
from flaskblog.models import Mail, User
from tests.api.test_users import CONFIRMED
from tests.support.api_client import ApiClient, errors_of
from tests.support.client import Client, message_at
from tests.web.test_limits import let_time_pass

NEW = {"email": "new@example.org"}
CHANGES: list[tuple[str, dict[str, str]]] = [
    ("PATCH", NEW),
    ("PATCH", {"email": "Author@example.org"}),
    ("PATCH", {"password": "new words here"}),
    ("PUT", {"username": "renamed"} | NEW),
    ("DELETE", {}),
]


def refused(response: Any) -> str:
    """Check that this asks for the password, and return what it says."""
    errors_of(response, 403)
    assert response.json["type"] == response.json["title"] == "reauthentication_required"
    return str(response.json["detail"])


@pytest.mark.parametrize(("method", "fields"), CHANGES)
def test_a_token_alone_neither_takes_over_nor_deletes_an_account(
    author_api: ApiClient, author: User, method: str, fields: dict[str, str]
) -> None:
    address = f"/api/users/{author.id}"
    kept = (author.username, author.email, author.password_hash)
    wrong = fields | {"current_password": "a wrong one"}
    missing = author_api.send(method, address, fields or None)
    assert refused(missing) != refused(author_api.send(method, address, wrong))
    db.session.refresh(author)
    assert (author.username, author.email, author.password_hash) == kept
    assert db.session.scalars(select(Mail)).all() == []
    assert author_api.send(method, address, fields | CONFIRMED).status_code in {200, 204}


def test_other_changes_require_no_password(author_api: ApiClient, author: User) -> None:
    address = f"/api/users/{author.id}"
    assert author_api.patch(address, {"username": "renamed"}).status_code == 200
    same = {"username": "again", "email": author.email}
    assert author_api.put(address, same).status_code == 200


def test_an_admin_confirms_with_the_own_password(admin_api: ApiClient, author: User) -> None:
    author.password_hash = "the admin does not know it"
    db.session.commit()
    address = f"/api/users/{author.id}"
    refused(admin_api.delete(address))
    assert admin_api.delete(address, CONFIRMED).status_code == 204


def test_who_may_not_change_an_account_is_not_asked_for_a_password(
    stranger_api: ApiClient, author: User
) -> None:
    response = stranger_api.delete(f"/api/users/{author.id}")
    errors_of(response, 403)
    assert "reauthentication" not in response.text


@pytest.mark.usefixtures("limited")
def test_pages_and_api_count_wrong_passwords_together(
    client: Client, author_api: ApiClient, author: User
) -> None:
    client.start_session(author)
    address, wrong = f"/api/users/{author.id}", {"current_password": "a wrong one"}
    for _ in range(3):
        client.submit("/account/delete", password="a wrong one")
    for method, fields in CHANGES[:2]:
        refused(author_api.send(method, address, fields | wrong))
    response = author_api.delete(address, CONFIRMED)
    errors_of(response, 429)
    assert 0 < int(response.headers["Retry-After"]) <= 60
    assert client.submit("/account/delete", password="a wrong one").status_code == 429
    let_time_pass(60)
    assert author_api.delete(address, CONFIRMED).status_code == 204


@pytest.mark.usefixtures("limited", "stranger")
def test_pages_and_api_count_changes_of_the_address_together(
    client: Client, author_api: ApiClient, author: User
) -> None:
    """Refused ones too: they tell which addresses have an account."""
    client.start_session(author)
    address, taken = f"/api/users/{author.id}", CONFIRMED | {"email": "stranger@example.org"}
    for number in range(2):
        fields = {"email": f"new{number}@example.org"} | CONFIRMED
        assert author_api.patch(address, fields).status_code == 200
    errors_of(author_api.patch(address, taken), 409)
    for _ in range(2):
        assert client.submit("/account", **taken).status_code == 200
    for email in ("stranger@example.org", "nobody@example.org"):
        errors_of(author_api.patch(address, {"email": email} | CONFIRMED), 429)
        page = client.submit("/account", **CONFIRMED | {"email": email})
        assert page.status_code == 429
        assert 3500 < int(page.headers["Retry-After"]) <= 3600
        assert email in page.text
        assert "already has an account" not in page.text
    assert author_api.patch(address, {"username": "renamed"}).status_code == 200
    let_time_pass(3600)
    assert author_api.patch(address, {"email": "last@example.org"} | CONFIRMED).status_code == 200


@pytest.mark.usefixtures("limited", "stranger")
def test_without_the_password_nothing_is_told_or_counted(
    client: Client, author_api: ApiClient, author: User
) -> None:
    client.start_session(author)
    pages = [
        client.submit("/account", email=email, current_password="a wrong one")
        for email in ("stranger@example.org", "nobody@example.org")
    ]
    assert not [page for page in pages if message_at(page, "email")]
    tries = [
        author_api.patch(f"/api/users/{author.id}", {"email": f"new{n}@example.org"} | CONFIRMED)
        for n in range(6)
    ]
    assert [response.status_code for response in tries] == [200] * 5 + [429]


@pytest.mark.usefixtures("limited")
def test_what_is_no_address_is_not_counted(client: Client, author: User) -> None:
    client.start_session(author)
    tries = [client.submit("/account", **CONFIRMED | {"email": "no address"}) for _ in range(7)]
    assert [response.status_code for response in tries] == [200] * 7


@pytest.mark.usefixtures("limited")
def test_addresses_are_counted_for_each_member(
    author_api: ApiClient, author: User, stranger_api: ApiClient, stranger: User
) -> None:
    for api, user in ((author_api, author), (stranger_api, stranger)):
        tries = [
            api.patch(f"/api/users/{user.id}", {"email": f"{user.id}x{n}@example.org"} | CONFIRMED)
            for n in range(6)
        ]
        assert [response.status_code for response in tries] == [200] * 5 + [429]
