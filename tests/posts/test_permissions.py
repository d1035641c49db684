"""Who may edit and delete posts, at every address."""

import re
from urllib.parse import unquote

import pytest
from flask import Flask

from flaskblog.extensions import db
from flaskblog.models import User
from tests.support.client import Client, browser
from tests.support.factories import make_post, make_user


@pytest.fixture
def admin() -> User:
    """The first account of a site is its admin."""
    return make_user("first.person")


@pytest.fixture
def clients(app: Flask, admin: User, author: User) -> dict[str, Client]:
    users = {"admin": admin, "author": author, "stranger": make_user("stranger")}
    found = {name: browser(app) for name in users} | {"visitor": browser(app)}
    for name, user in users.items():
        found[name].log_in(user)
    return found


ALLOWED = {
    "update": {"author": 200, "admin": 403, "stranger": 403, "visitor": 302},
    "delete": {"author": 200, "admin": 200, "stranger": 403, "visitor": 302},
    "history": dict.fromkeys(["author", "admin", "stranger", "visitor"], 200),
}


@pytest.mark.parametrize("path", ALLOWED)
def test_each_page_opens_for_those_who_may(
    clients: dict[str, Client], author: User, path: str
) -> None:
    address = f"/post/{make_post(author).id}/{path}"
    responses = {name: client.get(address) for name, client in clients.items()}
    assert {name: response.status_code for name, response in responses.items()} == ALLOWED[path]
    if ALLOWED[path]["visitor"] == 302:
        assert unquote(responses["visitor"].location) == f"/login?next={address}"


@pytest.mark.parametrize(("path", "forbidden"), [("update", ["admin", "stranger"]),
                                               ("delete", ["stranger"])])  # fmt: skip
def test_post_requests_need_the_same_permission(
    clients: dict[str, Client], author: User, path: str, forbidden: list[str]
) -> None:
    post = make_post(author, content="Mine.")
    for name in forbidden:
        token = clients[name].token("/post/new")
        for button in ("publish", "preview", "draft"):
            response = clients[name].post(
                f"/post/{post.id}/{path}",
                data={"csrf_token": token, "title": "T", "content": "c", "action": button},
            )
            assert response.status_code == 403
    db.session.refresh(post)
    assert (post.content, post.deleted_at) == ("Mine.", None)


def test_anonymous_requests_change_nothing(clients: dict[str, Client], author: User) -> None:
    post = make_post(author, content="Mine.")
    token = {"csrf_token": clients["visitor"].token()}
    text = {"title": "T", "content": "c"}
    visitor = clients["visitor"]
    assert visitor.post(f"/post/{post.id}/update", data=token | text).status_code == 200
    for address in (f"/post/{post.id}/delete", f"/post/{post.id}/restore", "/drafts/1/delete"):
        assert "/login" in visitor.post(address, data=token).location
    for address in ("/post/new", "/drafts", "/account/deleted"):
        assert "/login" in visitor.get(address).location
    db.session.refresh(post)
    assert (post.content, post.deleted_at) == ("Mine.", None)


def test_a_post_offers_only_permitted_actions(clients: dict[str, Client], author: User) -> None:
    address = f"/post/{make_post(author).id}"
    for name, allowed in {
        "author": {"update", "delete"},
        "admin": {"delete"},
        "stranger": set(),
        "visitor": set(),
    }.items():
        offered = re.findall(f'href="{address}/(update|delete)"', clients[name].get(address).text)
        assert set(offered) == allowed


@pytest.mark.parametrize("post_id", ["0", "-1", "99999999", "9" * 18, "9" * 19, "9" * 25, "1.0"])
def test_an_unknown_post_is_a_404(author_client: Client, post_id: str) -> None:
    token = {"csrf_token": author_client.token("/post/new")}
    for path in ("", "/update", "/delete", "/history"):
        assert author_client.get(f"/post/{post_id}{path}").status_code == 404
    for path in ("/update", "/delete", "/restore"):
        assert author_client.post(f"/post/{post_id}{path}", data=token).status_code == 404
