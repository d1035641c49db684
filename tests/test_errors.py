"""When something breaks, the page that tells of it needs nothing that may be broken."""

import logging
import re

import pytest
from flask import Flask, abort
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from flaskblog.errors import PAGES
from flaskblog.extensions import db
from flaskblog.models import Session, User
from tests.client import browser, is_own_page, read
from tests.conftest import make_app


@pytest.fixture
def broken_app(database_url: str) -> Flask:
    """As people run it: an exception becomes a page."""
    app = make_app(database_url)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


def _break() -> str:
    raise RuntimeError("a secret detail")


def _lose_the_database() -> str:
    raise OperationalError("SELECT 1", {}, Exception("a secret detail"))


def _forbid_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the error page asked the database")

    monkeypatch.setattr(type(db.session), "execute", refuse)
    monkeypatch.setattr(type(db.session), "scalar", refuse)


def test_a_broken_view_ends_in_a_page_with_a_number_that_the_log_knows(
    broken_app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    broken_app.view_functions["main.about"] = _break
    with caplog.at_level(logging.ERROR):
        answers = [browser(broken_app).get("/about") for _ in range(2)]
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


def test_a_lost_database_ends_in_a_page_that_says_to_wait(
    broken_app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    broken_app.view_functions["main.about"] = _lose_the_database
    answer = browser(broken_app).get("/about")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert is_own_page(answer)
    assert "secret detail" not in answer.text
    number = read(answer).select_one("main code")
    assert number is not None
    assert number.text in caplog.text


@pytest.mark.parametrize(("view", "status"), [(_break, 500), (_lose_the_database, 503)])
def test_a_page_of_a_broken_site_asks_nothing_of_the_database(
    broken_app: Flask, writer: User, view: object, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser(broken_app)
    client.log_in(writer)
    broken_app.view_functions["main.about"] = view  # type: ignore[assignment]
    with monkeypatch.context() as patch:
        _forbid_the_database(patch)
        answer = client.get("/about")
    assert answer.status_code == status
    assert is_own_page(answer)


@pytest.mark.parametrize("address", ["/", "/nothing", "/post/new", "/login", "/%00"])
def test_with_the_table_of_people_gone_a_member_still_gets_a_page(
    broken_app: Flask, writer: User, address: str
) -> None:
    client = browser(broken_app)
    client.log_in(writer)
    with db.engine.begin() as connection:
        connection.execute(text('ALTER TABLE "user" RENAME TO people'))
    try:
        answer = client.get(address)
    finally:
        with db.engine.begin() as connection:
            connection.execute(text('ALTER TABLE people RENAME TO "user"'))
    assert answer.status_code in {500, 503}
    assert is_own_page(answer)


def test_after_an_error_the_session_lives(broken_app: Flask, writer: User) -> None:
    client = browser(broken_app)
    client.log_in(writer)
    broken_app.view_functions["main.about"] = _break
    assert client.get("/about").status_code == 500
    assert client.get("/post/new").status_code == 200
    assert len(db.session.scalars(select(Session)).all()) == 1


@pytest.mark.parametrize("code", [400, 403, 404, 405, 413, 418, 500, 501, 503])
def test_every_error_says_what_happened_and_what_to_do(broken_app: Flask, code: int) -> None:
    broken_app.view_functions["main.about"] = lambda: abort(code)
    answer = browser(broken_app).get("/about")
    assert answer.status_code == code
    assert is_own_page(answer)
    assert len(read(answer).select("main h1 ~ p")) >= 3, "what happened, what to do, a way on"


def test_every_page_of_an_error_differs() -> None:
    assert len({title for title, _, _ in PAGES.values()}) == len(PAGES)
