"""A password is not the username, the address or the name of the site, wherever it is set."""

from typing import Any

import pytest
from flask import Flask

from flaskblog.models import User
from flaskblog.users import changes
from flaskblog.users.changes import sign_up
from tests.support.api_client import ApiClient, errors_of
from tests.support.client import Client, message_at
from tests.support.commands import run_command
from tests.support.factories import PASSWORD, make_user

NAMES: dict[str, Any] = {"username": "ada.lovelace", "email": "Countess.Ada@Example.org"}
PERSONAL = ["ADA.Lovelace", "countess.ada@example.ORG", "countess.ada", " Our VILLAGE blog "]
EACH_PASSWORD = pytest.mark.parametrize("password", PERSONAL)


@pytest.fixture(autouse=True)
def _site_name(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "SITE_NAME", "Our village blog")


@pytest.fixture
def ada() -> User:
    return make_user(**NAMES)


def twice(password: str) -> dict[str, Any]:
    return {"password": password, "confirm_password": password}


@EACH_PASSWORD
def test_pages_tell_at_the_field(client: Client, password: str) -> None:
    response = client.submit("/register", **NAMES, **twice(password))
    assert "cannot be your username" in message_at(response, "password")
    ada = make_user(**NAMES)
    link = f"/reset_password/{ada.reset_token()}"
    assert "cannot be your username" in message_at(
        client.submit(link, **twice(password)), "password"
    )
    client.start_session(ada)
    fields: dict[str, Any] = {"current_password": PASSWORD, **twice(password)}
    response = client.submit("/account/password", **fields)
    assert "cannot be your username" in message_at(response, "password")
    assert client.submit("/account/password", **fields | twice(f"{password}!")).location


@EACH_PASSWORD
def test_the_api_names_the_field(app: Flask, password: str) -> None:
    signed_up = ApiClient(app).post("/api/users", NAMES | {"password": password})
    assert errors_of(signed_up, 422).keys() == {"password"}
    ada = make_user(**NAMES)
    api = ApiClient(app, ada)
    fields = NAMES | {"password": password, "current_password": PASSWORD}
    for method in ("PUT", "PATCH"):
        changed = api.send(method, f"/api/users/{ada.id}", fields)
        assert errors_of(changed, 422).keys() == {"password"}


@EACH_PASSWORD
def test_the_command_refuses(app: Flask, password: str) -> None:
    result = run_command(app, "users", "create", *NAMES.values(), "--password", password)
    assert result.exit_code == 1
    assert "cannot be your username" in result.output


def test_a_new_username_counts_too(app: Flask, ada: User) -> None:
    fields = {
        "username": "charles.babbage",
        "password": "Charles.Babbage",
        "current_password": PASSWORD,
    }
    api = ApiClient(app, ada)
    assert errors_of(api.patch(f"/api/users/{ada.id}", fields), 422).keys() == {"password"}


def test_passwords_that_only_contain_a_name_are_accepted() -> None:
    user = sign_up(**NAMES, password="ada.lovelace of our village blog")
    changes.change_account(user, password="countess.ada@example.org.uk")
    assert user.has_password("countess.ada@example.org.uk")
