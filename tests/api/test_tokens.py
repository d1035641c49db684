"""A token is worth what its session is worth, and opens the API alone."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from flask import Flask
from sqlalchemy import select, update

from flaskblog.api import tokens
from flaskblog.database import now
from flaskblog.extensions import db
from flaskblog.models import Session, User
from tests.api.program import Program, wrong
from tests.client import Client, browser, read
from tests.factories import PASSWORD, make_user

WORDS = {"title": "On engines", "content": "One."}


def works(program: Program) -> bool:
    """Whether the token still lets something be written."""
    answer = program.post("/api/posts", WORDS)
    if answer.status_code == 401:
        wrong(answer, 401)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
    return answer.status_code == 201


def claims_of(program: Program) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(program.token, options={"verify_signature": False})
    return claims


def key(app: Flask) -> bytes:
    return tokens._key(app.config["SECRET_KEY"])


def signed(app: Flask, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, key(app), "HS256")


def test_a_login_by_name_or_address_gives_a_token_for_an_hour(
    nobody: Program, author: User
) -> None:
    for name in ("author", "AUTHOR", "author@example.org"):
        answer = nobody.post("/api/login", {"email": name, "password": PASSWORD})
        assert answer.status_code == 200
        assert answer.json is not None
        assert (answer.json["token_type"], answer.json["expires_in"]) == ("Bearer", 3600)
        assert answer.headers["Cache-Control"] == "no-store"
        claims = jwt.decode(answer.json["access_token"], options={"verify_signature": False})
        assert set(claims) == {"sub", "jti", "iat", "exp"}
        assert claims["exp"] - claims["iat"] == 3600
        assert claims["sub"] == str(author.id)


@pytest.mark.usefixtures("author")
@pytest.mark.parametrize(
    ("name", "password"), [("author", "wrong words"), ("nobody", PASSWORD), ("", ""), ("a@b", "x")]
)
def test_a_wrong_login_is_told_without_saying_what_is_wrong(
    nobody: Program, name: str, password: str
) -> None:
    answer = nobody.post("/api/login", {"email": name, "password": password})
    assert wrong(answer, 401) == {}
    assert answer.headers["WWW-Authenticate"] == "Bearer realm=api"
    assert answer.json is not None
    assert answer.json["detail"] == "The name and the password do not belong together."
    assert db.session.scalars(select(Session)).all() == []


def test_logging_out_ends_this_token_alone(app: Flask, program: Program, author: User) -> None:
    other = Program(app, author)
    answer = program.post("/api/logout")
    assert (answer.status_code, answer.data) == (204, b"")
    assert not works(program)
    assert works(other)


def test_another_password_ends_every_token(client: Client, program: Program, author: User) -> None:
    client.log_in(author)
    fresh = "quite another password"
    client.submit(
        "/account/password", current_password=PASSWORD, password=fresh, confirm_password=fresh
    )
    assert not works(program)


def test_a_reset_password_ends_every_token(client: Client, program: Program, author: User) -> None:
    fresh = "quite another password"
    client.submit(f"/reset_password/{author.reset_token()}", password=fresh, confirm_password=fresh)
    assert not works(program)


def test_a_program_is_among_the_devices_and_ends_with_its_device(
    client: Client, program: Program, author: User
) -> None:
    client.log_in(author)
    page = read(client.get("/account/sessions"))
    assert "through the API" in page.text
    client.submit("/account/sessions", form=1)
    assert not works(program)


def test_a_token_that_ran_out_opens_nothing(program: Program) -> None:
    assert works(program)
    db.session.execute(update(Session).values(expires_at=now() - timedelta(seconds=1)))
    db.session.commit()
    assert not works(program)


def test_the_token_of_a_deleted_person_opens_nothing(program: Program, author: User) -> None:
    db.session.execute(author.gone())
    db.session.commit()
    assert not works(program)


def _without_algorithm(app: Flask, claims: dict[str, Any]) -> str:
    _head, body, _signature = signed(app, claims).split(".")
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode())
    return f"{none.decode().rstrip('=')}.{body}."


def _with_the_plain_key(app: Flask, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, app.config["SECRET_KEY"].ljust(32), "HS256")


def _with_another_algorithm(app: Flask, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, key(app).ljust(64), "HS512")


def _expired(app: Flask, claims: dict[str, Any]) -> str:
    return signed(app, claims | {"exp": claims["iat"] - 1})


def _of_another(app: Flask, claims: dict[str, Any]) -> str:
    return signed(app, claims | {"sub": str(int(claims["sub"]) - 1)})


def _of_no_session(app: Flask, claims: dict[str, Any]) -> str:
    return signed(app, claims | {"jti": "made up"})


def _without_end(app: Flask, claims: dict[str, Any]) -> str:
    return signed(app, {name: claims[name] for name in ("sub", "jti", "iat")})


FORGERIES: list[Callable[[Flask, dict[str, Any]], str]] = [
    _without_algorithm, _with_the_plain_key, _with_another_algorithm,
    _expired, _of_another, _of_no_session, _without_end,
]  # fmt: skip


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__)
def test_a_forged_token_opens_nothing(
    app: Flask, program: Program, forge: Callable[[Flask, dict[str, Any]], str]
) -> None:
    program.token = forge(app, claims_of(program))
    assert not works(program)
    answer = program.get("/api/posts")
    wrong(answer, 401)
    assert "error=invalid_token" in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("token", ["x", "a.b.c", "." * 50, "é", "eyJ.eyJ.", "x" * 5000])
def test_what_is_no_token_opens_nothing(program: Program, token: str) -> None:
    program.token = token
    assert not works(program)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "Token x", "bearer"])
def test_without_a_token_nothing_is_changed(nobody: Program, header: str) -> None:
    wrong(nobody.send("POST", "/api/posts", WORDS, Authorization=header), 401)


def test_a_token_signed_with_a_former_key_still_opens(app: Flask, program: Program) -> None:
    former = app.config["SECRET_KEY"]
    try:
        app.config |= {"SECRET_KEY": "a new key " * 4, "SECRET_KEY_FALLBACKS": [former]}
        assert works(program)
        app.config["SECRET_KEY_FALLBACKS"] = []
        assert not works(program)
    finally:
        app.config |= {"SECRET_KEY": former, "SECRET_KEY_FALLBACKS": []}


def test_cookies_never_open_the_api(client: Client, author: User) -> None:
    client.log_in(author)
    wrong(client.post("/api/posts", json=WORDS), 401)
    answer = client.get(f"/api/users/{author.id}")
    assert answer.json is not None
    assert "email" not in answer.json
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers["Vary"]


def test_tokens_never_open_pages(app: Flask, program: Program) -> None:
    assert program.get("/post/new").location.startswith("/login")
    assert program.get("/account").status_code == 302
    # Not even in a cookie that is signed with the right key.
    client = browser(app)
    with client.session_transaction() as session:
        session["_user_id"] = claims_of(program)["jti"]
        session["_fresh"] = True
    assert client.get("/post/new").status_code == 302


def test_the_name_of_a_cookies_session_opens_nothing_in_a_token(
    app: Flask, client: Client, program: Program, author: User
) -> None:
    client.log_in(author)
    with client.session_transaction() as session:
        named = str(session["_user_id"])
    program.token = signed(app, claims_of(program) | {"jti": named})
    assert not works(program)


@pytest.mark.usefixtures("limited", "author")
def test_the_limit_of_logins_is_one_for_pages_and_programs(client: Client, nobody: Program) -> None:
    for _ in range(3):
        client.submit("/login", email="author", password="wrong words")
    for _ in range(2):
        wrong(nobody.post("/api/login", {"email": "AUTHOR", "password": "wrong words"}), 401)
    answer = nobody.post("/api/login", {"email": "author@example.org", "password": PASSWORD})
    wrong(answer, 429)
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert answer.headers["RateLimit-Limit"] == "5"
    assert answer.headers["RateLimit-Remaining"] == "0"
    assert 0 < int(answer.headers["RateLimit-Reset"]) <= 60
    assert client.submit("/login", email="author", password=PASSWORD).status_code == 429


@pytest.mark.usefixtures("limited")
def test_logging_in_again_and_again_from_one_place_is_limited(nobody: Program) -> None:
    statuses = [
        nobody.post("/api/login", {"email": f"name{number}", "password": "x"}).status_code
        for number in range(21)
    ]
    assert statuses == [401] * 20 + [429]


def test_what_is_written_with_a_token_is_its_bearers(app: Flask) -> None:
    other = Program(app, make_user("other"))
    written = other.post("/api/posts", WORDS)
    assert written.json is not None
    assert written.json["author"]["username"] == "other"
