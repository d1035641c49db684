"""People as JSON: who sees what of whom, and who may change it."""

from typing import Any

import pytest
from sqlalchemy import func, select

from flaskblog.extensions import db
from flaskblog.models import FormerName, Mail, User
from tests.api.program import Program, wrong
from tests.client import Client, browser
from tests.conftest import make_app
from tests.factories import PASSWORD, make_post, make_user

NEWCOMER = {"username": "newcomer", "email": "newcomer@example.org", "password": PASSWORD}
PUBLIC = {"id", "username", "created_at", "posts_count", "picture_url"}
PRIVATE = PUBLIC | {"email", "is_admin"}


def test_somebody_signs_up_and_the_first_one_is_admin(nobody: Program) -> None:
    first = nobody.post("/api/users", NEWCOMER)
    assert first.status_code == 201
    assert first.json is not None
    assert first.json["is_admin"] is True
    assert nobody.get(first.headers["Location"]).json == {name: first.json[name] for name in PUBLIC}
    second = nobody.post("/api/users", {**NEWCOMER, "username": "next", "email": "n@example.org"})
    assert second.json is not None
    assert second.json["is_admin"] is False
    login = {"email": "next", "password": PASSWORD}
    assert nobody.post("/api/login", login).status_code == 200
    page = browser(nobody.client.application)
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
def test_what_a_person_cannot_have_is_told_by_field(
    nobody: Program, program: Program, author: User, field: str, value: Any
) -> None:
    assert wrong(nobody.post("/api/users", {**NEWCOMER, field: value}), 422).keys() == {field}
    for method in ("PUT", "PATCH"):
        answer = program.send(method, f"/api/users/{author.id}", {**NEWCOMER, field: value})
        assert wrong(answer, 422).keys() == {field}
    assert db.session.scalars(select(User.username).order_by(User.id)).all() == ["keeper", "author"]


@pytest.mark.usefixtures("author")
def test_a_name_or_an_address_that_is_taken_is_told(nobody: Program) -> None:
    taken = {"username": "AUTHOR", "email": "Author@Example.org"}
    assert wrong(nobody.post("/api/users", NEWCOMER | taken), 409).keys() == taken.keys()
    for field, value in taken.items():
        assert wrong(nobody.post("/api/users", {**NEWCOMER, field: value}), 409).keys() == {field}


def test_two_who_want_one_name_at_once_get_one_account(
    nobody: Program, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = User.rename

    def rename_late(self: User, username: str) -> None:
        rename(self, "author" if username == "newcomer" else username)

    # As if the name had been free at the first look.
    monkeypatch.setattr(User, "rename", rename_late)
    assert author.username == "author"
    wrong(nobody.post("/api/users", NEWCOMER), 409)
    assert db.session.scalar(select(func.count(User.id))) == 2


def test_a_repeated_sign_up_makes_one_account(nobody: Program) -> None:
    first = nobody.post("/api/users", NEWCOMER, Idempotency_Key="k")
    again = nobody.post("/api/users", NEWCOMER, Idempotency_Key="k")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == first.json
    other = {**NEWCOMER, "password": "other words in a row"}
    wrong(nobody.post("/api/users", other, Idempotency_Key="k"), 409)
    wrong(nobody.post("/api/users", NEWCOMER), 409)
    assert db.session.scalar(select(func.count(User.id))) == 1


def test_while_registration_is_closed_only_admins_make_accounts(
    database_url: str, admin: User, author: User
) -> None:
    app = make_app(database_url, REGISTRATION_OPEN="false")
    wrong(Program(app).post("/api/users", NEWCOMER), 403)
    wrong(Program(app, author).post("/api/users", NEWCOMER), 403)
    assert Program(app, admin).post("/api/users", NEWCOMER).status_code == 201


@pytest.mark.usefixtures("limited")
def test_the_limit_on_signing_up_is_one_for_pages_and_programs(
    client: Client, nobody: Program
) -> None:
    for number in range(10):
        if number % 2:
            nobody.post("/api/users", {**NEWCOMER, "username": f"name{number}"})
        else:
            client.submit("/register", username="x")
    wrong(nobody.post("/api/users", NEWCOMER), 429)
    assert client.submit("/register", username="x").status_code == 429


def test_the_address_of_a_person_is_for_them_and_admins(
    nobody: Program, program: Program, strange_program: Program, admins_program: Program,
    author: User,
) -> None:  # fmt: skip
    for reader, shown in (
        (nobody, PUBLIC), (strange_program, PUBLIC), (program, PRIVATE), (admins_program, PRIVATE)
    ):  # fmt: skip
        one = reader.get(f"/api/users/{author.id}").json
        listed = reader.get("/api/users").json
        assert one is not None
        assert listed is not None
        assert one.keys() == shown
        assert {user["id"]: user for user in listed["users"]}[author.id] == one


def test_people_are_listed_in_pages(nobody: Program) -> None:
    people = [make_user(f"person{number}").id for number in range(3)]
    answer = nobody.get("/api/users?per_page=2&page=2")
    assert answer.json is not None
    told = answer.json
    assert [user["id"] for user in told.pop("users")] == people[2:]
    assert told == {"total": 3, "pages": 2, "current_page": 2}
    assert 'rel="prev"' in answer.headers["Link"]
    wrong(nobody.get("/api/users?per_page=101"), 422)


def test_somebody_changes_what_is_theirs(program: Program, author: User) -> None:
    address = f"/api/users/{author.id}"
    changed = program.put(address, {"username": "renamed", "email": "new@example.org"})
    assert changed.status_code == 200
    assert changed.json is not None
    assert (changed.json["username"], changed.json["email"]) == ("renamed", "new@example.org")
    assert [mail.recipient for mail in db.session.scalars(select(Mail))] == ["author@example.org"]
    assert db.session.scalars(select(FormerName.username_key)).all() == ["author"]
    assert program.patch(address, {"username": "Renamed"}).status_code == 200
    assert program.patch(address, {"username": "keeper"}).status_code == 409
    assert program.patch(address, {}).status_code == 200


def test_others_change_nothing_and_admins_may(
    nobody: Program, strange_program: Program, admins_program: Program, author: User
) -> None:
    address = f"/api/users/{author.id}"
    for method, body in (
        ("PUT", {"username": "x1", "email": "x@example.org"}), ("PATCH", {}), ("DELETE", None)
    ):  # fmt: skip
        wrong(nobody.send(method, address, body), 401)
        wrong(strange_program.send(method, address, body), 403)
    assert admins_program.patch(address, {"username": "tamed"}).status_code == 200
    assert admins_program.delete(address).status_code == 204
    wrong(nobody.get(address), 404)
    wrong(admins_program.delete(address), 404)


def test_somebody_leaves_with_all_that_is_theirs(program: Program, author: User) -> None:
    post_id = make_post(author).id
    assert program.delete(f"/api/users/{author.id}").status_code == 204
    wrong(program.get("/api/posts"), 401)
    program.token = ""
    wrong(program.get(f"/api/posts/{post_id}"), 404)


def test_a_person_who_changed_meanwhile_is_not_overwritten_unseen(
    program: Program, author: User
) -> None:
    address = f"/api/users/{author.id}"
    seen = program.get(address).headers["ETag"]
    assert program.patch(address, {"username": "renamed"}, If_Match=seen).status_code == 200
    wrong(program.patch(address, {"username": "again"}, If_Match=seen), 412)
    wrong(program.delete(address, If_Match=seen), 412)
