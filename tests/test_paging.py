"""Long lists: a cursor finds the page, a number alone is counted in the index."""

from datetime import timedelta

import pytest

from flaskblog.database import now
from flaskblog.extensions import db
from flaskblog.models import User
from tests.client import Client, read
from tests.factories import make_post

ODD = [
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
def written(writer: User) -> list[str]:
    """Titles of 23 posts, the newest first."""
    for number in reversed(range(23)):
        make_post(writer, title=f"{number}", created_at=now() - timedelta(hours=number))
    return [f"{number}" for number in range(23)]


def titles(client: Client, address: str) -> list[str]:
    return [link.text for link in read(client.get(address)).select("article h2 a")]


def link(client: Client, address: str, rel: str) -> str:
    found = read(client.get(address)).select_one(f'a[rel="{rel}"]')
    assert found is not None
    return str(found["href"])


@pytest.mark.parametrize("number", range(1, 6))
def test_a_number_typed_by_hand_finds_its_page(
    client: Client, written: list[str], number: int
) -> None:
    assert titles(client, f"/?page={number}") == written[(number - 1) * 5 : number * 5]


def test_what_is_published_meanwhile_shifts_no_page(
    client: Client, writer: User, written: list[str]
) -> None:
    following = link(client, "/", "next")
    make_post(writer, title="newer")
    assert titles(client, following) == written[5:10]
    back = link(client, link(client, following, "next"), "prev")
    assert titles(client, back) == written[5:10]


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("name", ["after", "before"])
@pytest.mark.parametrize("cursor", ODD)
def test_an_odd_cursor_leads_nowhere(client: Client, name: str, cursor: str) -> None:
    assert client.get("/", query_string={"page": 2, name: cursor}).status_code == 404


@pytest.mark.usefixtures("written")
def test_a_cursor_of_both_kinds_or_for_the_first_page_leads_nowhere(client: Client) -> None:
    cursor = link(client, "/", "next").partition("after=")[2]
    assert client.get(f"/?page=2&after={cursor}&before={cursor}").status_code == 404
    assert client.get(f"/?page=1&after={cursor}").status_code == 404


@pytest.mark.usefixtures("written")
def test_the_newest_are_read_in_their_index(statements: list[str], client: Client) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("reads the plans of SQLite")
    client.get("/?page=2", headers={"Cookie": "measured=1"})
    listed = next(one for one in statements if "excerpt" in one)
    plan = db.session.connection().exec_driver_sql(
        f"EXPLAIN QUERY PLAN {listed}", (1,) * listed.count("?")
    )
    told = " ".join(row[3] for row in plan)
    assert "ix_post_newest" in told
    assert "ix_post_deleted_at" not in told
