"""The number of queries of each page, which does not grow with the number of posts."""

import pytest

from flaskblog.extensions import db
from flaskblog.models import Draft, User
from tests.support.client import Client
from tests.support.editor import open_editor, press
from tests.support.factories import make_post, make_user

# Queries of an anonymous page; a session costs one more, which also loads the member.
MAX_QUERIES = {"/": 2, "/home": 2, "/user/author": 2, "/post/{}": 1, "/post/{}/history": 2,
        "/about": 2, "/login": 0,
        "/register": 1, "/nothing": 0, "/livez": 0, "/static/favicon.svg": 0}  # fmt: skip
WITHOUT_SESSION = {"/livez", "/static/favicon.svg"}


@pytest.mark.parametrize("address", MAX_QUERIES)
def test_the_queries_of_a_page_do_not_grow_with_its_posts(
    client: Client, author: User, statements: list[str], address: str
) -> None:
    for number in range(8):
        post = make_post(make_user(f"somebody{number}"))
    make_post(author)
    address, max_queries = address.format(post.id), MAX_QUERIES[address]
    statements.clear()
    client.get(address)
    assert len(statements) <= max_queries, statements


@pytest.mark.parametrize("address", sorted(MAX_QUERIES.keys() - {"/register"}))
def test_a_session_costs_one_query_and_no_write(
    client: Client, author_client: Client, author: User, statements: list[str], address: str
) -> None:
    address = address.format(make_post(author).id)
    statements.clear()
    client.get(address)
    anonymous_count = len(statements)
    statements.clear()
    author_client.get(address)
    assert len(statements) == (
        anonymous_count if address in WITHOUT_SESSION else anonymous_count + 1
    ), statements
    assert all(statement.startswith("SELECT") for statement in statements)


# Queries of the pages of a member, with the one of the session.
# The drafts have a list of the deleted ones beside them, the editor an unpublished text.
OWN_LISTS = {"/menu": 2, "/drafts": 4, "/account/deleted": 3, "/post/new": 2, "/post/{}/update": 3}


@pytest.mark.parametrize("address", OWN_LISTS)
@pytest.mark.parametrize("page", [1, 2])
def test_the_queries_of_own_lists_do_not_grow_with_their_items(
    author_client: Client, author: User, statements: list[str], address: str, page: int
) -> None:
    for number in range(8):
        make_post(author).delete()
        db.session.add(Draft(author_id=author.id, key=f"{number}", title="", content=""))
    post = make_post(author)
    path = f"{address.format(post.id)}?page={page}"
    statements.clear()
    assert author_client.get(path).status_code == 200
    assert len(statements) <= OWN_LISTS[address], statements


@pytest.mark.parametrize("address", ["/", "/user/author", "/post/{}/history"])
def test_a_later_page_of_a_list_needs_at_most_three_queries(
    author_client: Client, author: User, statements: list[str], address: str
) -> None:
    post = make_post(author)
    for number in range(12):
        make_post(author)
        post.revise("T", f"{number}")
        db.session.commit()
    path = f"{address.format(post.id)}?page=2"
    statements.clear()
    assert author_client.get(path).status_code == 200
    assert len(statements) <= 3, statements


def test_publishing_queries_the_session_and_then_only_writes(
    author_client: Client, statements: list[str]
) -> None:
    fields = open_editor(author_client) | {"title": "On engines", "content": "It weaves."}
    statements.clear()
    assert press(author_client, "publish", fields).status_code == 302
    assert [statement.split()[0] for statement in statements] == [
        "SELECT", "UPDATE", "INSERT", "DELETE"
    ]  # fmt: skip
