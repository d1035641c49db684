"""Exceptions outside of Flask's error handling: in a teardown, or in a WSGI layer."""

import logging
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from flaskblog.caching.pages import PageCache
from flaskblog.extensions import db
from flaskblog.models import User
from flaskblog.web.headers import HEADERS
from tests.conftest import make_app
from tests.support.api_client import errors_of
from tests.support.client import browser, is_own_page, read

PLACES = pytest.mark.parametrize("place", ["teardown", "layer"])


def _fail(*_: object) -> None:
    raise RuntimeError("a secret detail")


def _lose_connection(*_: object) -> None:
    raise OperationalError("ROLLBACK", {}, Exception("a secret detail"))


@pytest.fixture
def site(database_url: str) -> Flask:
    """As in production: an exception becomes a page."""
    site = make_app(database_url)
    site.config["PROPAGATE_EXCEPTIONS"] = False
    return site


@pytest.fixture
def broken(site: Flask, place: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    if place == "teardown":
        site.teardown_appcontext(_fail)
    else:
        monkeypatch.setattr(PageCache, "__call__", _fail)
    yield site
    site.teardown_appcontext_funcs.clear()


def assert_complete(response: TestResponse, log: str) -> None:
    assert HEADERS.items() <= dict(response.headers).items()
    assert response.headers["X-Request-ID"] in log
    assert "RuntimeError: a secret detail" in log
    assert "secret detail" not in response.text


@PLACES
def test_the_response_is_the_error_page_with_headers_and_a_logged_request_id(
    broken: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    for response in (
        browser(broken).get("/about"),
        browser(broken).post("/login", data={"a": "b"}),
    ):
        assert response.status_code == 500
        assert is_own_page(response)
        number = read(response).select_one("main code")
        assert number is not None
        assert number.text == response.headers["X-Request-ID"]
        assert_complete(response, caplog.text)


@PLACES
def test_under_api_the_response_is_a_problem_document(
    broken: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    response = browser(broken).get("/api/posts")
    errors_of(response, 500)
    assert response.json is not None
    assert response.json["request_id"] == response.headers["X-Request-ID"]
    assert_complete(response, caplog.text)


def test_a_page_that_cannot_be_rendered_is_replaced_by_a_sentence(
    site: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(PageCache, "__call__", _fail)
    monkeypatch.setattr("flaskblog.web.unhandled.show_error", _fail)
    response = browser(site).get("/about")
    assert (response.status_code, response.mimetype) == (500, "text/plain")
    assert_complete(response, caplog.text)


def test_a_broken_connection_at_the_end_of_a_request_does_not_replace_the_response(
    site: Flask, author: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client = browser(site)
    client.start_session(author)
    with monkeypatch.context() as patch:
        patch.setattr("sqlalchemy.orm.Session.close", _lose_connection)
        response = client.get("/account")
    assert response.status_code == 200
    assert ("flaskblog", logging.WARNING) in [record[:2] for record in caplog.record_tuples]
    assert client.get("/account").status_code == 200


def test_any_other_error_of_the_database_in_the_teardown_is_a_503(
    site: Flask, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser(site)
    client.start_session(author)
    with monkeypatch.context() as patch:
        patch.setattr(type(db.session), "remove", _lose_connection)
        response = client.get("/account")
    assert response.status_code == 503
    assert is_own_page(response)
    assert int(response.headers["Retry-After"]) > 0


@pytest.mark.parametrize("empty_url", ["postgresql"], indirect=True)
def test_a_connection_killed_during_a_request_breaks_neither_it_nor_the_next_one(
    empty_url: str,
) -> None:
    site = make_app(empty_url)
    site.config["PROPAGATE_EXCEPTIONS"] = False

    def view() -> str:
        number = db.session.scalar(text("SELECT pg_backend_pid()"))
        with db.engine.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:number)"), {"number": number})
        return "read before"

    site.view_functions["main.home"] = view
    db.session.rollback()  # begins the one of this test, which remains
    sessions = db.session.registry.registry
    before = len(sessions)
    for _ in range(3):
        response = browser(site).get("/home")
        assert (response.status_code, response.text) == (200, "read before")
        assert HEADERS.items() <= dict(response.headers).items()
    assert len(sessions) == before
