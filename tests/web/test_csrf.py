"""Every POST needs the CSRF token of its session."""

import pytest
from flask import Flask
from sqlalchemy import select

from flaskblog.extensions import db
from flaskblog.models import Post, User
from tests.support.client import Client, browser, is_own_page

# They answer with the form, filled as it was sent, or lead through log-in back to it.
KEEP_WORDS = {"/login", "/post/new", "/post/1/update", "/post/resume"}
AUTOSAVE = "/drafts/autosave"


def _post_urls(app: Flask) -> list[str]:
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
def test_a_form_without_its_token_is_rejected(
    app: Flask, author_client: Client, token: str | None
) -> None:
    addresses = _post_urls(app)
    assert {"/register", "/login", "/logout", "/post/new"} <= set(addresses)
    data = {} if token is None else {"csrf_token": token}
    for address in addresses:
        for client in (author_client, browser(app)):
            answer = client.post(address, data=data)
            is_page = is_own_page(answer) or (address == AUTOSAVE and answer.is_json)
            assert is_page or (client, address) == (author_client, "/login")
            if address not in KEEP_WORDS:
                is_logged_out = address == AUTOSAVE and client is not author_client
                assert answer.status_code == (401 if is_logged_out else 400), address
    assert db.session.scalars(select(Post)).all() == []
    assert db.session.scalars(select(User.username)).all() == ["author"]
    assert author_client.get("/post/new").status_code == 200, "still logged in"


def test_the_token_of_another_session_is_rejected(app: Flask, author_client: Client) -> None:
    answer = author_client.post(
        "/post/new",
        data={"csrf_token": browser(app).token(), "title": "Forged", "content": "words"},
    )
    assert answer.status_code == 400


def test_a_token_has_no_time_limit(app: Flask) -> None:
    assert app.config["WTF_CSRF_TIME_LIMIT"] is None


def test_tokens_of_several_open_pages_are_valid(author_client: Client) -> None:
    tokens = [author_client.token("/post/new") for _ in range(3)]
    for token in tokens:
        answer = author_client.post(
            "/post/new", data={"csrf_token": token, "title": "One", "content": "words"}
        )
        assert answer.status_code == 302
