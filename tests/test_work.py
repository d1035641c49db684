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

# Calls for a visitor, and for a member, who shares what is kept; bytes of the visitor's page.
BUDGETS = {
    "/": (1620, 1552, 4248),
    "/?page=2": (1815, 1550, 4324),
    "/post/{}": (1643, 1644, 2704),
    "/user/writer": (1995, 1562, 4647),
    "/about": (1725, 1550, 2372),
    "/feed.xml": (1665, 1748, 5214),
    "/login": (3128, 1377, 2768),
    "/post/{}/history": (3199, 3669, 1842),
    "/post/new": (1320, 3610, 237),
    "/api/posts": (3647, 3730, 4101),
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
