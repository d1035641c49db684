"""How much work a page is: counted in calls of Python, which no busy machine changes.

A page that does more than its budget fails here by name. Where the more is worth it, raise the
budget; where a page now does less, lower it.
"""

import sys
from datetime import timedelta
from types import FrameType

import pytest
from flask import Flask, template_rendered

from flaskblog.database import now
from flaskblog.extensions import db
from flaskblog.models import User
from tests.client import Client, browser
from tests.factories import make_post

# psycopg is written in Python for its greater part, sqlite3 is not.
MARGINS = {"sqlite": 1.1, "postgresql": 1.3}

# Calls for a visitor and for a member, and the bytes of the visitor's page, of a full list.
BUDGETS = {
    "/": (2015, 2598, 4254),
    "/?page=2": (2214, 2797, 4330),
    "/post/{}": (2112, 2634, 2707),
    "/user/writer": (2414, 2997, 4653),
    "/about": (1999, 2425, 2378),
    "/feed.xml": (1948, 2031, 6182),
    "/login": (3398, 1405, 2774),
    "/post/{}/history": (3471, 3897, 1848),
    "/post/new": (1360, 3840, 237),
    "/api/posts": (3647, 3730, 4080),
    "/api/users": (1670, 1753, 207),
}


def calls(client: Client, address: str) -> int:
    """Calls of Python functions for one request, after one that filled what is made once."""
    counted = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event == "call"

    for _ in range(3):
        client.get(address)
    sys.setprofile(count)
    try:
        client.get(address)
    finally:
        sys.setprofile(None)
    return counted


def calls_and_bytes(app: Flask, writer: User, writer_client: Client, address: str) -> list[int]:
    for number in range(12):
        post = make_post(writer, created_at=now() - timedelta(days=number + 1))
    address = address.format(post.id)
    visitor = browser(app)
    visitor.set_cookie("measured", "1")
    size = len(visitor.get(address).data)
    return [calls(visitor, address), calls(writer_client, address), size]


@pytest.mark.parametrize("address", BUDGETS)
def test_a_page_does_no_more_work_than_its_budget(
    app: Flask, writer: User, writer_client: Client, address: str
) -> None:
    found = calls_and_bytes(app, writer, writer_client, address)
    margin = MARGINS[db.engine.dialect.name]
    budget = [round(most * margin) for most in BUDGETS[address]]
    assert all(real <= most for real, most in zip(found, budget, strict=True)), found


def test_a_kept_page_does_next_to_no_work(app: Flask) -> None:
    most = 400 if db.engine.dialect.name == "postgresql" else 300
    assert calls(browser(app), "/about") < most


@pytest.mark.parametrize("address", ["/", "/user/writer"])
def test_a_page_is_one_template(app: Flask, writer: User, address: str) -> None:
    make_post(writer)
    rendered: list[object] = []

    def note(_sender: Flask, template: object, **_: object) -> None:
        rendered.append(template)

    with template_rendered.connected_to(note, app):
        browser(app).get(address)
    assert len(rendered) == 1
