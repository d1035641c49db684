"""Who may do what: written once, on the post, and kept at every address."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from flask import Flask

from flaskblog.extensions import db
from flaskblog.models import Post, User
from tests.client import Client, browser
from tests.factories import make_post, make_user


@pytest.fixture
def admin() -> User:
    """The first account of a site is its admin."""
    return make_user("first.person")


@pytest.fixture
def clients(app: Flask, admin: User, writer: User) -> dict[str, Client]:
    people = {"admin": admin, "writer": writer, "stranger": make_user("stranger")}
    found = {name: browser(app) for name in people} | {"visitor": browser(app)}
    for name, user in people.items():
        found[name].log_in(user)
    return found


ALLOWED = {
    "update": {"writer": 200, "admin": 403, "stranger": 403, "visitor": 302},
    "delete": {"writer": 200, "admin": 200, "stranger": 403, "visitor": 302},
    "history": dict.fromkeys(["writer", "admin", "stranger", "visitor"], 200),
}


@pytest.mark.parametrize("deed", ALLOWED)
def test_each_address_opens_for_whom_it_should(
    clients: dict[str, Client], writer: User, deed: str
) -> None:
    address = f"/post/{make_post(writer).id}/{deed}"
    answers = {name: client.get(address) for name, client in clients.items()}
    assert {name: answer.status_code for name, answer in answers.items()} == ALLOWED[deed]
    if ALLOWED[deed]["visitor"] == 302:
        assert unquote(answers["visitor"].location) == f"/login?next={address}"


@pytest.mark.parametrize(("deed", "refused"), [("update", ["admin", "stranger"]),
                                               ("delete", ["stranger"])])  # fmt: skip
def test_who_may_not_is_refused_by_post_too(
    clients: dict[str, Client], writer: User, deed: str, refused: list[str]
) -> None:
    post = make_post(writer, content="Mine.")
    for name in refused:
        token = clients[name].token("/post/new")
        for button in ("publish", "preview", "draft"):
            answer = clients[name].post(
                f"/post/{post.id}/{deed}",
                data={"csrf_token": token, "title": "T", "content": "c", "action": button},
            )
            assert answer.status_code == 403
    db.session.refresh(post)
    assert (post.content, post.deleted_at) == ("Mine.", None)


def test_a_visitor_changes_nothing_by_post(clients: dict[str, Client], writer: User) -> None:
    post = make_post(writer, content="Mine.")
    token = {"csrf_token": clients["visitor"].token()}
    words = {"title": "T", "content": "c"}
    visitor = clients["visitor"]
    assert visitor.post(f"/post/{post.id}/update", data=token | words).status_code == 200
    for address in (f"/post/{post.id}/delete", f"/post/{post.id}/restore", "/drafts/1/delete"):
        assert "/login" in visitor.post(address, data=token).location
    for address in ("/post/new", "/drafts", "/account/deleted"):
        assert "/login" in visitor.get(address).location
    db.session.refresh(post)
    assert (post.content, post.deleted_at) == ("Mine.", None)


def test_a_page_offers_what_its_reader_may_do(clients: dict[str, Client], writer: User) -> None:
    address = f"/post/{make_post(writer).id}"
    for name, deeds in {
        "writer": {"update", "delete"},
        "admin": {"delete"},
        "stranger": set(),
        "visitor": set(),
    }.items():
        offered = re.findall(f'href="{address}/(update|delete)"', clients[name].get(address).text)
        assert set(offered) == deeds


@pytest.mark.parametrize("number", ["0", "-1", "99999999", "9" * 18, "9" * 19, "9" * 25, "1.0"])
def test_a_post_that_is_not_there_is_a_404(writer_client: Client, number: str) -> None:
    token = {"csrf_token": writer_client.token("/post/new")}
    for deed in ("", "/update", "/delete", "/history"):
        assert writer_client.get(f"/post/{number}{deed}").status_code == 404
    for deed in ("/update", "/delete", "/restore"):
        assert writer_client.post(f"/post/{number}{deed}", data=token).status_code == 404


def test_the_predicates_are_the_only_place_of_the_rule(project: Path) -> None:
    """Routes and templates ask the post; they neither compare authors nor look for admins."""
    sources = [*(project / "flaskblog" / "posts").glob("*.py"), project / "flaskblog/drafts.py"]
    sources += (project / "flaskblog" / "templates" / "posts").glob("*.html")
    for source in sources:
        text = source.read_text()
        assert "is_admin" not in text, source
        assert not re.search(r"(author_id|author) ?[!=]= ?current_user", text), source


def test_the_predicates_say_who_may() -> None:
    admin, writer, stranger = (make_user(name) for name in ("first.person", "writer", "stranger"))
    post: Post = make_post(writer)
    assert [post.is_editable_by(user) for user in (admin, writer, stranger)] == [
        False,
        True,
        False,
    ]
    assert [post.is_deletable_by(user) for user in (admin, writer, stranger)] == [
        True,
        True,
        False,
    ]
