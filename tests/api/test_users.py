"""Members in the API: who can see and change what."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from flaskblog.extensions import bcrypt, db
from flaskblog.models import FormerName, Mail, User
from flaskblog.models.passwords import hash_password
from flaskblog.users.changes import change_account
from tests.conftest import make_app
from tests.support.api_client import ApiClient, errors_of
from tests.support.client import Client, browser
from tests.support.factories import PASSWORD, make_post, make_user

NEWCOMER = {"username": "newcomer", "email": "newcomer@example.org", "password": PASSWORD}
PUBLIC = {
    "id", "username", "display_name", "bio", "created_at", "posts_count", "picture_url",
}  # fmt: skip
CONFIRMED: dict[str, Any] = {"current_password": PASSWORD}
PRIVATE = PUBLIC | {"email", "is_admin"}


def test_signing_up_makes_the_first_member_an_admin(anonymous_api: ApiClient) -> None:
    first = anonymous_api.post("/api/users", NEWCOMER)
    assert first.status_code == 201
    assert first.json is not None
    assert first.json["is_admin"] is True
    assert anonymous_api.get(first.headers["Location"]).json == {
        name: first.json[name] for name in PUBLIC
    }
    second = anonymous_api.post(
        "/api/users", {**NEWCOMER, "username": "next", "email": "n@example.org"}
    )
    assert second.json is not None
    assert second.json["is_admin"] is False
    login = {"email": "next", "password": PASSWORD}
    assert anonymous_api.post("/api/login", login).status_code == 200
    page = browser(anonymous_api.client.application)
    assert page.submit("/login", email="next", password=PASSWORD).location == "/"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", "x"), ("username", "a" * 21), ("username", "admin"), ("username", "a\n"),
        ("username", "\u0430da"), ("username", None), ("username", 5), ("username", ["a"]),
        ("email", "no address"), ("email", ""), ("email", None), ("email", "a@b"),
        ("password", "short"), ("password", "password"), ("password", "x" * 1001),
        ("password", " " * 9), ("password", None), ("password", 12345678),
        *((name, True) for name in ("is_admin", "id", "created_at", "posts_count", "picture")),
    ],
)  # fmt: skip
def test_invalid_fields_are_reported_by_name(
    anonymous_api: ApiClient, author_api: ApiClient, author: User, field: str, value: Any
) -> None:
    assert errors_of(anonymous_api.post("/api/users", {**NEWCOMER, field: value}), 422).keys() == {
        field
    }
    for method in ("PUT", "PATCH"):
        response = author_api.send(method, f"/api/users/{author.id}", {**NEWCOMER, field: value})
        assert errors_of(response, 422).keys() == {field}
    assert db.session.scalars(select(User.username).order_by(User.id)).all() == ["keeper", "author"]


@pytest.mark.usefixtures("author")
def test_a_taken_username_or_email_is_a_conflict(anonymous_api: ApiClient) -> None:
    taken = {"username": "AUTHOR", "email": "Author@Example.org"}
    assert errors_of(anonymous_api.post("/api/users", NEWCOMER | taken), 409).keys() == taken.keys()
    for field, value in taken.items():
        assert errors_of(
            anonymous_api.post("/api/users", {**NEWCOMER, field: value}), 409
        ).keys() == {field}


def test_of_two_simultaneous_sign_ups_one_is_a_conflict(
    anonymous_api: ApiClient, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hash_while_another_signs_up(password: str) -> str:
        monkeypatch.setattr("flaskblog.users.changes.hash_password", hash_password)
        make_user("newcomer", "another@example.org")
        return hash_password(password)

    monkeypatch.setattr("flaskblog.users.changes.hash_password", hash_while_another_signs_up)
    assert author.username == "author"
    assert "username" in errors_of(anonymous_api.post("/api/users", NEWCOMER), 409)
    assert db.session.scalar(select(func.count(User.id))) == 3


def test_a_repeated_sign_up_creates_one_account(anonymous_api: ApiClient) -> None:
    first = anonymous_api.post("/api/users", NEWCOMER, Idempotency_Key="k")
    again = anonymous_api.post("/api/users", NEWCOMER, Idempotency_Key="k")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == first.json
    other = {**NEWCOMER, "password": "other words in a row"}
    errors_of(anonymous_api.post("/api/users", other, Idempotency_Key="k"), 409)
    errors_of(anonymous_api.post("/api/users", NEWCOMER), 409)
    assert db.session.scalar(select(func.count(User.id))) == 1


def test_only_admins_create_accounts_while_registration_is_closed(
    database_url: str, admin: User, author: User
) -> None:
    app = make_app(database_url, REGISTRATION_OPEN="false")
    errors_of(ApiClient(app).post("/api/users", NEWCOMER), 403)
    errors_of(ApiClient(app, author).post("/api/users", NEWCOMER), 403)
    assert ApiClient(app, admin).post("/api/users", NEWCOMER).status_code == 201


@pytest.mark.usefixtures("limited")
def test_pages_and_api_share_the_limit_of_sign_ups(
    client: Client, anonymous_api: ApiClient
) -> None:
    for number in range(10):
        if number % 2:
            anonymous_api.post("/api/users", {**NEWCOMER, "username": f"name{number}"})
        else:
            client.submit("/register", username="x")
    errors_of(anonymous_api.post("/api/users", NEWCOMER), 429)
    assert client.submit("/register", username="x").status_code == 429


def test_only_the_member_and_admins_see_the_email(
    anonymous_api: ApiClient, author_api: ApiClient, stranger_api: ApiClient, admin_api: ApiClient,
    author: User,
) -> None:  # fmt: skip
    for reader, shown in (
        (anonymous_api, PUBLIC), (stranger_api, PUBLIC), (author_api, PRIVATE), (admin_api, PRIVATE)
    ):  # fmt: skip
        one = reader.get(f"/api/users/{author.id}").json
        listed = reader.get("/api/users").json
        assert one is not None
        assert listed is not None
        assert one.keys() == shown
        assert {user["id"]: user for user in listed["users"]}[author.id] == one


def test_members_are_listed_in_pages(anonymous_api: ApiClient) -> None:
    user_ids = [make_user(f"person{number}").id for number in range(3)]
    response = anonymous_api.get("/api/users?per_page=2&page=2")
    assert response.json is not None
    body = response.json
    assert [user["id"] for user in body.pop("users")] == user_ids[2:]
    assert body == {"total": 3, "pages": 2, "current_page": 2}
    assert 'rel="prev"' in response.headers["Link"]
    errors_of(anonymous_api.get("/api/users?per_page=101"), 422)


def test_a_member_can_change_the_own_account(author_api: ApiClient, author: User) -> None:
    address = f"/api/users/{author.id}"
    fields = {"username": "renamed", "email": "new@example.org"} | CONFIRMED
    changed = author_api.put(address, fields)
    assert changed.status_code == 200
    assert changed.json is not None
    assert (changed.json["username"], changed.json["email"]) == ("renamed", "new@example.org")
    assert [mail.recipient for mail in db.session.scalars(select(Mail))] == ["author@example.org"]
    assert db.session.scalars(select(FormerName.username_key)).all() == ["author"]
    assert author_api.patch(address, {"username": "Renamed"}).status_code == 200
    assert author_api.patch(address, {"username": "keeper"}).status_code == 409
    assert author_api.patch(address, {}).status_code == 200


def test_a_member_can_change_the_own_profile(
    author_api: ApiClient, author: User, media_folder: Path
) -> None:
    address = f"/api/users/{author.id}"
    changed = author_api.patch(address, {"display_name": " Emma  Chen ", "bio": "One.\r\nTwo."})
    assert changed.json is not None
    assert (changed.json["display_name"], changed.json["bio"]) == ("Emma Chen", "One.\nTwo.")
    assert "/user/author/initials.svg" in changed.json["picture_url"]
    post = author_api.post("/api/posts", {"title": "t", "content": "c"}).json
    assert post is not None
    assert post["author"]["display_name"] == "Emma Chen"

    change_account(author, picture=b"A picture.")
    kept = author_api.put(address, {"username": "author", "email": author.email}).json
    assert kept is not None
    assert kept["display_name"] == "Emma Chen"
    assert "/media/" in kept["picture_url"]
    removed = author_api.patch(address, {"display_name": "", "picture": None}).json
    assert removed is not None
    assert removed["picture_url"].endswith("/user/author/initials.svg")
    assert [*media_folder.iterdir()] == []
    for fields in ({"display_name": "\u202eada"}, {"bio": "http://a.org " * 6}, {"picture": "x"}):
        assert errors_of(author_api.patch(address, fields), 422).keys() == fields.keys()
    taken = author_api.patch(address, {"display_name": "Keeper"})
    assert errors_of(taken, 409).keys() == {"display_name"}


def test_the_last_admin_cannot_be_deleted(admin_api: ApiClient, admin: User) -> None:
    response = admin_api.delete(f"/api/users/{admin.id}", CONFIRMED)
    assert errors_of(response, 409) == {}
    assert response.json is not None
    assert "only admin" in response.json["detail"]


def test_only_the_member_and_admins_may_change_an_account(
    anonymous_api: ApiClient, stranger_api: ApiClient, admin_api: ApiClient, author: User
) -> None:
    address = f"/api/users/{author.id}"
    for method, body in (
        ("PUT", {"username": "x1", "email": "x@example.org"}), ("PATCH", {}), ("DELETE", None)
    ):  # fmt: skip
        errors_of(anonymous_api.send(method, address, body), 401)
        errors_of(stranger_api.send(method, address, body), 403)
    assert admin_api.patch(address, {"username": "tamed"}).status_code == 200
    assert admin_api.delete(address, CONFIRMED).status_code == 204
    errors_of(anonymous_api.get(address), 404)
    errors_of(admin_api.delete(address, CONFIRMED), 404)


def test_deleting_an_account_deletes_posts_and_tokens(author_api: ApiClient, author: User) -> None:
    post_id = make_post(author).id
    assert author_api.delete(f"/api/users/{author.id}", CONFIRMED).status_code == 204
    errors_of(author_api.get("/api/posts"), 401)
    author_api.token = ""
    errors_of(author_api.get(f"/api/posts/{post_id}"), 404)


@pytest.mark.usefixtures("limited")
def test_a_repeated_sign_up_counts_as_a_log_in(client: Client, anonymous_api: ApiClient) -> None:
    """It would tell whether a password is right."""
    newcomer = make_user(**NEWCOMER)

    def sign_up(**fields: str) -> int:
        sent = NEWCOMER | fields
        return anonymous_api.post("/api/users", sent, Idempotency_Key="k").status_code

    assert sign_up() == 201
    assert client.submit("/login", email="newcomer", password="a wrong one").status_code == 200
    assert [sign_up(password="other words in a row") for _ in range(4)] == [409] * 4
    assert sign_up() == 429
    assert client.submit("/login", email="newcomer", password="a wrong one").status_code == 429
    assert newcomer.has_password(NEWCOMER["password"])


@pytest.mark.usefixtures("admin")
def test_a_repeated_sign_up_does_not_tell_whose_address_it_is(
    anonymous_api: ApiClient, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each checks one password, whether or not the address belongs to the name."""
    checks: list[str] = []
    check = bcrypt.check_password_hash

    def note(password_hash: str, password: str) -> bool:
        checks.append(password_hash)
        return bool(check(password_hash, password))

    monkeypatch.setattr(bcrypt, "check_password_hash", note)
    for email in (author.email, "nobody@example.org"):
        fields = {"username": "author", "email": email, "password": "other words in a row"}
        errors_of(anonymous_api.post("/api/users", fields, Idempotency_Key="k"), 409)
    assert len(checks) == 2
