"""A test client that behaves as a browser does: it reads forms, fills them and sends them."""

import contextvars
from typing import Any

from bs4 import BeautifulSoup, Tag
from bs4.filter import SoupStrainer
from flask import Flask, has_app_context, session
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flaskblog.extensions import db
from flaskblog.models import User
from flaskblog.users.sessions import log_in
from tests.support.factories import PASSWORD

# Finds a form's token without parsing the whole page.
_TOKEN = SoupStrainer("input", attrs={"name": "csrf_token"})


class Client(FlaskClient):
    """Each request runs in a context of its own, as it does under a server."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        kwargs.setdefault("buffered", True)  # a file is read and closed
        response = contextvars.Context().run(super().open, *args, **kwargs)
        if has_app_context():
            db.session.rollback()  # what the test looks up next is what the request left behind
        return response

    def get_bytes(self, path: bytes, query: bytes = b"") -> TestResponse:
        """Get an address as a server hands it over, though it is no text."""
        raw = {"PATH_INFO": path.decode("latin-1"), "QUERY_STRING": query.decode("latin-1")}
        return self.get("/", environ_overrides=raw)

    def submit(self, address: str, /, form: int = -1, **fields: Any) -> TestResponse:
        """Open a page, fill its last form (or the one counted) and send it."""
        # A third of the time of html5lib, which `read` needs for pages of any content.
        page = BeautifulSoup(self.get(address).text, "html.parser")
        tag = page.select("main form")[form]
        data: dict[str, Any] = {**fields_of(tag)}
        return self.post(str(tag.get("action") or address), data=data | fields)

    def token(self, address: str = "/login") -> str:
        """The form token of this client's session; visitors and members need different pages."""
        page = self.get(address).text
        field = BeautifulSoup(page, "html.parser", parse_only=_TOKEN).input
        assert field is not None, f"{address} holds no form"
        return str(field["value"])

    def start_session(self, user: User) -> None:
        """Log in without the form and the password check, which take longer than most tests."""
        started: dict[str, Any] = {}

        def start() -> None:
            with self.application.test_request_context(environ_base=self.environ_base):
                log_in(db.session.get_one(User, user.id))
                started.update(session)

        contextvars.Context().run(start)
        db.session.rollback()
        with self.session_transaction() as stored:
            stored.update(started)

    def log_in(self, user: User, **fields: Any) -> TestResponse:
        form = {"csrf_token": self.token(), "email": user.username, "password": PASSWORD}
        return self.post("/login", data=form | fields)


def browser(app: Flask) -> Client:
    """Another visitor, with cookies of their own."""
    client = app.test_client()
    assert isinstance(client, Client)
    return client


def read(response: TestResponse) -> BeautifulSoup:
    return BeautifulSoup(response.text, "html5lib")


def fields_of(form: Tag) -> dict[str, str]:
    """What a browser would send of a form that nobody touches."""
    data = {
        str(entry["name"]): str(entry.get("value", ""))
        for entry in form.select("input[name]")
        if entry.get("type") not in {"checkbox", "radio", "file"} or entry.has_attr("checked")
    }
    # Browsers leave out a line break after the tag, and html5lib does; WTForms adds one.
    return data | {
        str(area["name"]): area.text.removeprefix("\r\n") for area in form.select("textarea[name]")
    }


def is_own_page(response: TestResponse) -> bool:
    """Whether this is a page of the site itself: its name, one heading, and a way on."""
    page = read(response)
    return len(page.select("main h1")) == 1 and page.select_one('a.wordmark[href="/"]') is not None


def message_at(response: TestResponse, name: str) -> str:
    """What the page tells about a wrong field, found as a screen reader finds it."""
    page = read(response)
    field = page.select_one(f'[name="{name}"][aria-invalid="true"]')
    if field is None:
        return ""
    told = [page.find(id=part) for part in str(field["aria-describedby"]).split()]
    assert all(isinstance(tag, Tag) for tag in told), "aria-describedby names a missing element"
    return " ".join(tag.text.strip() for tag in told if isinstance(tag, Tag))
