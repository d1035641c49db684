"""How often each page asks the database: as often for fifty posts as for one."""

import pytest

from flaskblog.extensions import db
from flaskblog.models import Draft, User
from tests.client import Client
from tests.desk import opened, press
from tests.factories import make_post, make_user

# What a visitor's page may ask; who is logged in costs one more, which also brings the person.
MOST = {"/": 2, "/home": 2, "/user/writer": 2, "/post/{}": 1, "/post/{}/history": 2,
        "/about": 2, "/login": 0,
        "/register": 1, "/nothing": 0, "/livez": 0, "/static/favicon.svg": 0}  # fmt: skip
FREE = {"/livez", "/static/favicon.svg"}


@pytest.mark.parametrize("address", MOST)
def test_a_visitors_page_asks_no_more_for_many_posts(
    client: Client, writer: User, statements: list[str], address: str
) -> None:
    for number in range(8):
        post = make_post(make_user(f"somebody{number}"))
    make_post(writer)
    address, most = address.format(post.id), MOST[address]
    statements.clear()
    client.get(address)
    assert len(statements) <= most, statements


@pytest.mark.parametrize("address", MOST.keys() - {"/register"})
def test_who_is_logged_in_costs_one_look_and_no_write(
    client: Client, writer_client: Client, writer: User, statements: list[str], address: str
) -> None:
    address = address.format(make_post(writer).id)
    statements.clear()
    client.get(address)
    visitor = len(statements)
    statements.clear()
    writer_client.get(address)
    assert len(statements) == (visitor if address in FREE else visitor + 1), statements
    assert all(statement.startswith("SELECT") for statement in statements)


# A member's own lists, with the look at who is there.
OWN_LISTS = {"/drafts": 3, "/account/deleted": 3, "/post/new": 1, "/post/{}/update": 2}


@pytest.mark.parametrize("address", OWN_LISTS)
@pytest.mark.parametrize("page", [1, 2])
def test_a_members_own_page_asks_no_more_for_many(
    writer_client: Client, writer: User, statements: list[str], address: str, page: int
) -> None:
    for number in range(8):
        make_post(writer).delete()
        db.session.add(Draft(author_id=writer.id, key=f"{number}", title="", content=""))
    post = make_post(writer)
    path = f"{address.format(post.id)}?page={page}"
    statements.clear()
    assert writer_client.get(path).status_code == 200
    assert len(statements) <= OWN_LISTS[address], statements


@pytest.mark.parametrize("address", ["/", "/user/writer", "/post/{}/history"])
def test_a_later_page_of_a_list_asks_no_more_than_three_times(
    writer_client: Client, writer: User, statements: list[str], address: str
) -> None:
    post = make_post(writer)
    for number in range(12):
        make_post(writer)
        post.revise("T", f"{number}")
        db.session.commit()
    path = f"{address.format(post.id)}?page=2"
    statements.clear()
    assert writer_client.get(path).status_code == 200
    assert len(statements) <= 3, statements


def test_publishing_asks_who_it_is_and_then_only_writes(
    writer_client: Client, statements: list[str]
) -> None:
    fields = opened(writer_client) | {"title": "On engines", "content": "It weaves."}
    statements.clear()
    assert press(writer_client, "publish", fields).status_code == 302
    assert [statement.split()[0] for statement in statements] == [
        "SELECT", "UPDATE", "INSERT", "DELETE"
    ]  # fmt: skip
