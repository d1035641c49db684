"""Error pages depend on nothing that may have failed."""

import logging
import re

import pytest
from flask import Flask, abort
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from flaskblog.extensions import db
from flaskblog.models import Session, User
from flaskblog.web.errors import PAGES
from tests.conftest import make_app
from tests.support.client import browser, is_own_page, read


@pytest.fixture
def production_app(database_url: str) -> Flask:
    """As in production: an exception becomes a page."""
    app = make_app(database_url)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


def _raise_error() -> str:
    raise RuntimeError("a secret detail")


def _raise_database_error() -> str:
    raise OperationalError("SELECT 1", {}, Exception("a secret detail"))


def _forbid_queries(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the error page asked the database")

    monkeypatch.setattr(type(db.session), "execute", refuse)
    monkeypatch.setattr(type(db.session), "scalar", refuse)


def test_an_exception_becomes_a_page_with_a_logged_request_id(
    production_app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    production_app.view_functions["main.about"] = _raise_error
    with caplog.at_level(logging.ERROR):
        answers = [browser(production_app).get("/about") for _ in range(2)]
    numbers = set()
    for answer in answers:
        assert answer.status_code == 500
        assert is_own_page(answer)
        assert "secret detail" not in answer.text
        number = read(answer).select_one("main code")
        assert number is not None
        assert re.fullmatch(r"[0-9a-f-]{8,36}", number.text)
        assert number.text in caplog.text
        numbers.add(number.text)
    assert len(numbers) == 2


def test_a_database_failure_becomes_a_503_with_retry_after(
    production_app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    production_app.view_functions["main.about"] = _raise_database_error
    answer = browser(production_app).get("/about")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert is_own_page(answer)
    assert "secret detail" not in answer.text
    number = read(answer).select_one("main code")
    assert number is not None
    assert number.text in caplog.text


@pytest.mark.parametrize(("view", "status"), [(_raise_error, 500), (_raise_database_error, 503)])
def test_a_server_error_page_sends_no_query(
    production_app: Flask, author: User, view: object, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser(production_app)
    client.log_in(author)
    production_app.view_functions["main.about"] = view  # type: ignore[assignment]
    with monkeypatch.context() as patch:
        _forbid_queries(patch)
        answer = client.get("/about")
    assert answer.status_code == status
    assert is_own_page(answer)


@pytest.mark.parametrize("address", ["/", "/nothing", "/post/new", "/login", "/%00"])
def test_a_member_gets_an_error_page_without_the_user_table(
    production_app: Flask, author: User, address: str
) -> None:
    client = browser(production_app)
    client.log_in(author)
    with db.engine.begin() as connection:
        connection.execute(text('ALTER TABLE "user" RENAME TO people'))
    try:
        answer = client.get(address)
    finally:
        with db.engine.begin() as connection:
            connection.execute(text('ALTER TABLE people RENAME TO "user"'))
    assert answer.status_code in {500, 503}
    assert is_own_page(answer)


def test_a_session_survives_a_server_error(production_app: Flask, author: User) -> None:
    client = browser(production_app)
    client.log_in(author)
    production_app.view_functions["main.about"] = _raise_error
    assert client.get("/about").status_code == 500
    assert client.get("/post/new").status_code == 200
    assert len(db.session.scalars(select(Session)).all()) == 1


@pytest.mark.parametrize("code", [400, 403, 404, 405, 413, 418, 500, 501, 503])
def test_every_error_page_has_an_explanation_and_advice(production_app: Flask, code: int) -> None:
    production_app.view_functions["main.about"] = lambda: abort(code)
    answer = browser(production_app).get("/about")
    assert answer.status_code == code
    assert is_own_page(answer)
    assert len(read(answer).select("main h1 ~ p")) >= 3, "explanation, advice, link"


def test_every_error_page_has_its_own_title() -> None:
    assert len({title for title, _, _ in PAGES.values()}) == len(PAGES)
