"""Pagination of posts, by cursor and by number."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import NotFound

from flaskblog.database.base import now
from flaskblog.extensions import db
from flaskblog.models import User
from flaskblog.models.post_lists import listed
from flaskblog.pagination import Cursor, Page, paginate_posts
from tests.support.client import Client, read
from tests.support.factories import make_post

INVALID_CURSORS = [
    "x",
    "",
    "-",
    "1-",
    "-1",
    "1-0",
    "1-1-1",
    "9" * 18 + "-1",
    "1-" + "9" * 19,
    "\uff11-1",
    "1-1\x01",
]


@pytest.fixture
def all_titles(author: User) -> list[str]:
    """Titles of 23 posts, the newest first."""
    for number in reversed(range(23)):
        make_post(author, title=f"{number}", created_at=now() - timedelta(hours=number))
    return [f"{number}" for number in range(23)]


def titles(client: Client, address: str) -> list[str]:
    return [link.text for link in read(client.get(address)).select("article h2 a")]


def link(client: Client, address: str, rel: str) -> str:
    a = read(client.get(address)).select_one(f'a[rel="{rel}"]')
    assert a is not None
    return str(a["href"])


@pytest.mark.parametrize("number", range(1, 6))
def test_a_page_can_be_opened_by_its_number(
    client: Client, all_titles: list[str], number: int
) -> None:
    assert titles(client, f"/?page={number}") == all_titles[(number - 1) * 5 : number * 5]


def test_a_new_post_does_not_shift_linked_pages(
    client: Client, author: User, all_titles: list[str]
) -> None:
    next_page = link(client, "/", "next")
    make_post(author, title="newer")
    assert titles(client, next_page) == all_titles[5:10]
    previous_page = link(client, link(client, next_page, "next"), "prev")
    assert titles(client, previous_page) == all_titles[5:10]


@pytest.mark.usefixtures("all_titles")
@pytest.mark.parametrize("name", ["after", "before"])
@pytest.mark.parametrize("cursor", INVALID_CURSORS)
def test_an_invalid_cursor_is_a_404(client: Client, name: str, cursor: str) -> None:
    assert client.get("/", query_string={"page": 2, name: cursor}).status_code == 404


@pytest.mark.usefixtures("all_titles")
def test_two_cursors_or_a_cursor_on_the_first_page_are_a_404(client: Client) -> None:
    cursor = link(client, "/", "next").partition("after=")[2]
    assert client.get(f"/?page=2&after={cursor}&before={cursor}").status_code == 404
    assert client.get(f"/?page=1&after={cursor}").status_code == 404


@pytest.mark.usefixtures("all_titles")
def test_a_numbered_page_is_read_from_the_index(statements: list[str], client: Client) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("reads the plans of SQLite")
    client.get("/?page=2", headers={"Cookie": "measured=1"})
    listed = next(statement for statement in statements if "excerpt" in statement)
    plan = db.session.connection().exec_driver_sql(
        f"EXPLAIN QUERY PLAN {listed}", (1,) * listed.count("?")
    )
    details = " ".join(row[3] for row in plan)
    assert "ix_post_newest" in details
    assert "ix_post_deleted_at" not in details


@given(microseconds=st.integers(0, 10**17 - 1), post_id=st.integers(1, 10**18 - 1))
def test_a_decoded_cursor_is_the_encoded_one(microseconds: int, post_id: int) -> None:
    created_at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    cursor = Cursor(created_at, post_id)
    assert Cursor.decode(cursor.encode()) == cursor


@pytest.mark.parametrize("text", INVALID_CURSORS)
def test_invalid_cursors_are_not_decoded(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Cursor.decode(text)


def page_at(app: Flask, query: str) -> Page:
    with app.test_request_context(f"/?{query}"):
        return paginate_posts(listed())


@pytest.mark.parametrize(
    ("number", "newer", "older"),
    [
        (1, None, {"page", "after"}),
        (2, set(), {"page", "after"}),
        (3, {"page", "before"}, {"page", "after"}),
        (5, {"page", "before"}, None),
    ],
    ids=["first", "second", "middle", "last"],
)
def test_a_page_has_links_to_its_neighbours(
    app: Flask, all_titles: list[str], number: int, newer: set[str] | None, older: set[str] | None
) -> None:
    page = page_at(app, f"page={number}")
    assert [post.title for post in page] == all_titles[(number - 1) * 5 : number * 5]
    assert (page.page, page.pages, page.total) == (number, 5, 23)
    assert (None if page.newer is None else set(page.newer)) == newer
    assert (None if page.older is None else set(page.older)) == older


@pytest.mark.parametrize(("number", "ends"), [
    (1, {"/?page=5"}), (2, {"/?page=5"}), (3, {"/", "/?page=5"}), (4, {"/"}), (5, {"/"}),
])  # fmt: skip
@pytest.mark.usefixtures("all_titles")
def test_a_page_has_links_to_the_first_and_last_unless_they_are_its_neighbours(
    client: Client, number: int, ends: set[str]
) -> None:
    links = read(client.get(f"/?page={number}")).select('nav[aria-label="Pages"] a:not([rel])')
    assert {a["href"] for a in links} == ends


@pytest.mark.usefixtures("all_titles")
def test_a_page_beyond_the_last_one_is_a_404(app: Flask) -> None:
    for number in (6, 7, 999_999_999):
        with pytest.raises(NotFound):
            page_at(app, f"page={number}")
