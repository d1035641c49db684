"""No address takes a POST without the form token of its own session."""

import pytest
from flask import Flask
from sqlalchemy import select

from flaskblog.extensions import db
from flaskblog.models import Post, User
from tests.client import Client, browser, is_own_page

# They answer with the form, filled as it was sent, or lead through log-in back to it.
KEEP_WORDS = {"/login", "/post/new", "/post/1/update"}


def _addresses_that_take_posts(app: Flask) -> list[str]:
    with app.test_request_context():
        adapter = app.url_map.bind("localhost")
        return sorted(
            adapter.build(rule.endpoint, dict.fromkeys(rule.arguments, 1))
            for rule in app.url_map.iter_rules()
            # The API knows no cookies that somebody else could make a browser send.
            if not rule.rule.startswith("/api/")
            and {"POST", "PUT", "PATCH", "DELETE"} & (rule.methods or set())
        )


@pytest.mark.parametrize("token", [None, "", "wrong", "0" * 91], ids=str)
def test_no_address_takes_a_form_without_its_token(
    app: Flask, writer_client: Client, token: str | None
) -> None:
    addresses = _addresses_that_take_posts(app)
    assert {"/register", "/login", "/logout", "/post/new"} <= set(addresses)
    data = {} if token is None else {"csrf_token": token}
    for address in addresses:
        for client in (writer_client, browser(app)):
            answer = client.post(address, data=data)
            assert is_own_page(answer) or (client, address) == (writer_client, "/login")
            if address not in KEEP_WORDS:
                assert answer.status_code == 400, address
    assert db.session.scalars(select(Post)).all() == []
    assert db.session.scalars(select(User.username)).all() == ["writer"]
    assert writer_client.get("/post/new").status_code == 200, "still logged in"


def test_the_token_of_another_session_is_refused(app: Flask, writer_client: Client) -> None:
    answer = writer_client.post(
        "/post/new",
        data={"csrf_token": browser(app).token(), "title": "Forged", "content": "words"},
    )
    assert answer.status_code == 400


def test_a_token_has_no_time_limit(app: Flask) -> None:
    assert app.config["WTF_CSRF_TIME_LIMIT"] is None


def test_several_open_pages_keep_their_tokens(writer_client: Client) -> None:
    tokens = [writer_client.token("/post/new") for _ in range(3)]
    for token in tokens:
        answer = writer_client.post(
            "/post/new", data={"csrf_token": token, "title": "One", "content": "words"}
        )
        assert answer.status_code == 302
