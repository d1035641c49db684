"""API tokens are valid as long as their session, and only for the API."""

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
from flaskblog.database.base import now
from flaskblog.extensions import db
from flaskblog.models import Session, User
from flaskblog.users.access import WRONG_CREDENTIALS
from tests.support.api_client import ApiClient, errors_of
from tests.support.client import Client, browser, read
from tests.support.factories import PASSWORD, make_user

POST = {"title": "On engines", "content": "One."}


def is_valid(api: ApiClient) -> bool:
    """Whether the token is accepted for a new post."""
    response = api.post("/api/posts", POST)
    if response.status_code == 401:
        errors_of(response, 401)
        assert response.headers["WWW-Authenticate"].startswith("Bearer ")
    return response.status_code == 201


def claims_of(api: ApiClient) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(api.token, options={"verify_signature": False})
    return claims


def signing_key(app: Flask) -> bytes:
    return tokens._key(app.config["SECRET_KEY"])


def sign(app: Flask, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, signing_key(app), "HS256")


def test_a_log_in_by_username_or_email_returns_a_token_for_an_hour(
    anonymous_api: ApiClient, author: User
) -> None:
    for name in ("author", "AUTHOR", "author@example.org"):
        response = anonymous_api.post("/api/login", {"email": name, "password": PASSWORD})
        assert response.status_code == 200
        assert response.json is not None
        assert (response.json["token_type"], response.json["expires_in"]) == ("Bearer", 3600)
        assert response.headers["Cache-Control"] == "no-store"
        claims = jwt.decode(response.json["access_token"], options={"verify_signature": False})
        assert set(claims) == {"sub", "jti", "iat", "exp"}
        assert claims["exp"] - claims["iat"] == 3600
        assert claims["sub"] == str(author.id)


@pytest.mark.usefixtures("author")
@pytest.mark.parametrize(
    ("name", "password"), [("author", "wrong words"), ("nobody", PASSWORD), ("", ""), ("a@b", "x")]
)
def test_a_failed_log_in_does_not_reveal_what_is_wrong(
    anonymous_api: ApiClient, name: str, password: str
) -> None:
    response = anonymous_api.post("/api/login", {"email": name, "password": password})
    assert errors_of(response, 401) == {}
    assert response.headers["WWW-Authenticate"] == "Bearer realm=api"
    assert response.json is not None
    assert response.json["detail"] == WRONG_CREDENTIALS
    assert db.session.scalars(select(Session)).all() == []


def test_logging_out_revokes_only_this_token(
    app: Flask, author_api: ApiClient, author: User
) -> None:
    other = ApiClient(app, author)
    response = author_api.post("/api/logout")
    assert (response.status_code, response.data) == (204, b"")
    assert not is_valid(author_api)
    assert is_valid(other)


def test_a_new_password_revokes_every_token(
    client: Client, author_api: ApiClient, author: User
) -> None:
    client.log_in(author)
    new = "quite another password"
    client.submit(
        "/account/password", current_password=PASSWORD, password=new, confirm_password=new
    )
    assert not is_valid(author_api)


def test_a_password_reset_revokes_every_token(
    client: Client, author_api: ApiClient, author: User
) -> None:
    new = "quite another password"
    client.submit(f"/reset_password/{author.reset_token()}", password=new, confirm_password=new)
    assert not is_valid(author_api)


def test_a_token_is_listed_as_a_session_and_can_be_revoked_there(
    client: Client, author_api: ApiClient, author: User
) -> None:
    client.log_in(author)
    page = read(client.get("/account/sessions"))
    assert "(API)" in page.text
    client.submit("/account/sessions", form=1)
    assert not is_valid(author_api)


def test_an_expired_session_makes_its_token_invalid(author_api: ApiClient) -> None:
    assert is_valid(author_api)
    db.session.execute(update(Session).values(expires_at=now() - timedelta(seconds=1)))
    db.session.commit()
    assert not is_valid(author_api)


def test_the_token_of_a_deleted_member_is_invalid(author_api: ApiClient, author: User) -> None:
    author.delete()
    db.session.commit()
    assert not is_valid(author_api)


def _without_algorithm(app: Flask, claims: dict[str, Any]) -> str:
    _head, body, _signature = sign(app, claims).split(".")
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode())
    return f"{none.decode().rstrip('=')}.{body}."


def _signed_with_the_secret_key(app: Flask, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, app.config["SECRET_KEY"].ljust(32), "HS256")


def _with_another_algorithm(app: Flask, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, signing_key(app).ljust(64), "HS512")


def _expired(app: Flask, claims: dict[str, Any]) -> str:
    return sign(app, claims | {"exp": claims["iat"] - 1})


def _of_another_member(app: Flask, claims: dict[str, Any]) -> str:
    return sign(app, claims | {"sub": str(int(claims["sub"]) - 1)})


def _of_an_unknown_session(app: Flask, claims: dict[str, Any]) -> str:
    return sign(app, claims | {"jti": "made up"})


def _without_expiry(app: Flask, claims: dict[str, Any]) -> str:
    return sign(app, {name: claims[name] for name in ("sub", "jti", "iat")})


FORGERIES: list[Callable[[Flask, dict[str, Any]], str]] = [
    _without_algorithm, _signed_with_the_secret_key, _with_another_algorithm,
    _expired, _of_another_member, _of_an_unknown_session, _without_expiry,
]  # fmt: skip


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__)
def test_a_forged_token_is_invalid(
    app: Flask, author_api: ApiClient, forge: Callable[[Flask, dict[str, Any]], str]
) -> None:
    author_api.token = forge(app, claims_of(author_api))
    assert not is_valid(author_api)
    response = author_api.get("/api/posts")
    errors_of(response, 401)
    assert "error=invalid_token" in response.headers["WWW-Authenticate"]


@pytest.mark.parametrize("token", ["x", "a.b.c", "." * 50, "é", "eyJ.eyJ.", "x" * 5000])
def test_a_malformed_token_is_invalid(author_api: ApiClient, token: str) -> None:
    author_api.token = token
    assert not is_valid(author_api)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "Token x", "bearer"])
def test_changes_require_a_token(anonymous_api: ApiClient, header: str) -> None:
    errors_of(anonymous_api.send("POST", "/api/posts", POST, Authorization=header), 401)


def test_a_token_signed_with_a_former_key_is_still_valid(app: Flask, author_api: ApiClient) -> None:
    former = app.config["SECRET_KEY"]
    try:
        app.config |= {"SECRET_KEY": "a new key " * 4, "SECRET_KEY_FALLBACKS": [former]}
        assert is_valid(author_api)
        app.config["SECRET_KEY_FALLBACKS"] = []
        assert not is_valid(author_api)
    finally:
        app.config |= {"SECRET_KEY": former, "SECRET_KEY_FALLBACKS": []}


def test_the_api_ignores_cookies(client: Client, author: User) -> None:
    client.log_in(author)
    errors_of(client.post("/api/posts", json=POST), 401)
    response = client.get(f"/api/users/{author.id}")
    assert response.json is not None
    assert "email" not in response.json
    assert "Set-Cookie" not in response.headers
    assert "Cookie" not in response.headers["Vary"]


def test_pages_do_not_accept_tokens(app: Flask, author_api: ApiClient) -> None:
    assert author_api.get("/post/new").location.startswith("/login")
    assert author_api.get("/account").status_code == 302
    # Not in a cookie that is signed with the right key either.
    client = browser(app)
    with client.session_transaction() as session:
        session["_user_id"] = claims_of(author_api)["jti"]
        session["_fresh"] = True
    assert client.get("/post/new").status_code == 302


def test_the_session_of_a_cookie_is_not_valid_in_a_token(
    app: Flask, client: Client, author_api: ApiClient, author: User
) -> None:
    client.log_in(author)
    with client.session_transaction() as session:
        session_token = str(session["_user_id"])
    author_api.token = sign(app, claims_of(author_api) | {"jti": session_token})
    assert not is_valid(author_api)


@pytest.mark.usefixtures("limited", "author")
def test_pages_and_api_share_the_limit_of_log_ins(client: Client, anonymous_api: ApiClient) -> None:
    for _ in range(3):
        client.submit("/login", email="author", password="wrong words")
    for _ in range(2):
        errors_of(
            anonymous_api.post("/api/login", {"email": "AUTHOR", "password": "wrong words"}), 401
        )
    errors_of(
        anonymous_api.post("/api/login", {"email": "author@example.org", "password": PASSWORD}), 401
    )
    response = anonymous_api.post("/api/login", {"email": "author", "password": PASSWORD})
    errors_of(response, 429)
    assert 0 < int(response.headers["Retry-After"]) <= 60
    assert response.headers["RateLimit-Limit"] == "5"
    assert response.headers["RateLimit-Remaining"] == "0"
    assert 0 < int(response.headers["RateLimit-Reset"]) <= 60
    assert client.submit("/login", email="author", password=PASSWORD).status_code == 429


@pytest.mark.usefixtures("limited")
def test_log_ins_from_one_network_are_limited(anonymous_api: ApiClient) -> None:
    statuses = [
        anonymous_api.post("/api/login", {"email": f"name{number}", "password": "x"}).status_code
        for number in range(21)
    ]
    assert statuses == [401] * 20 + [429]


def test_a_post_belongs_to_the_member_of_the_token(app: Flask) -> None:
    other = ApiClient(app, make_user("other"))
    created = other.post("/api/posts", POST)
    assert created.json is not None
    assert created.json["author"]["username"] == "other"
