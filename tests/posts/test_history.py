"""The public history of a post: what each edit changed, earlier versions restored and hidden."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from flaskblog.database.base import now
from flaskblog.extensions import db
from flaskblog.models import Post, Revision, User
from tests.support.client import Client, browser, read
from tests.support.editor import open_editor, press
from tests.support.factories import make_post, make_user


def edit(client: Client, post: Post, **text: str) -> None:
    address = f"/post/{post.id}/update"
    assert (
        press(client, "publish", open_editor(client, address), address, **text).status_code == 302
    )


def test_the_history_shows_changed_words_and_titles_newest_first(
    client: Client, author_client: Client, author: User
) -> None:
    post = make_post(author, title="First title", content="The red cat sat.")
    edit(author_client, post, content="The blue cat sat.")
    edit(author_client, post, title="Second title", content="The blue dog sat.")
    page = read(client.get(f"/post/{post.id}/history"))
    sections = page.select("main section")
    assert [
        [(tag.name, tag.text) for tag in section.select("del, ins")] for section in sections
    ] == [
        [("del", "First title"), ("ins", "Second title"), ("del", "cat"), ("ins", "dog")],
        [("del", "red"), ("ins", "blue")],
    ]
    assert "with 2 edits since" in page.text
    assert page.select(f'h1 a[href="/post/{post.id}"]')


def test_each_edit_is_shown_with_its_time(client: Client, author: User) -> None:
    moment = now().replace(microsecond=0)
    post = make_post(author, content="0", created_at=moment - timedelta(hours=3))
    for hours, text in ((2, "1"), (1, "2")):
        post.revise(post.title, text)
        post.edited_at = moment - timedelta(hours=hours)
        db.session.commit()
    times = read(client.get(f"/post/{post.id}/history")).select("main time")
    assert [time["datetime"] for time in times] == [
        f"{moment - timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}" for hours in (3, 1, 2)
    ]


def test_lists_and_pages_show_when_a_post_was_edited(
    client: Client, author_client: Client, author: User
) -> None:
    post = make_post(author, created_at=now() - timedelta(days=2))
    addresses = ["/", "/user/author", f"/post/{post.id}"]
    history = f'article a[href="/post/{post.id}/history"]'
    assert all(read(client.get(address)).select(history) == [] for address in addresses)
    edit(author_client, post, content="Others.")
    db.session.refresh(post)
    assert post.edited_at
    assert now() - post.edited_at < timedelta(minutes=1)
    for address in addresses:
        page = read(client.get(address))
        assert [link.text for link in page.select(history)] == ["edited"]
        times = [time["datetime"] for time in page.select("article .byline time")]
        assert times == [f"{t:%Y-%m-%dT%H:%M:%SZ}" for t in (post.created_at, post.edited_at)]


def test_unchanged_text_is_not_an_edit(author_client: Client, author: User) -> None:
    post = make_post(author)
    edit(author_client, post)
    db.session.refresh(post)
    assert (post.edited_at, post.version) == (None, 1)
    assert db.session.scalars(select(Revision)).all() == []


@pytest.mark.parametrize("deleted_between", [False, True])
def test_a_long_history_is_split_into_pages(
    client: Client, author: User, deleted_between: bool
) -> None:
    """Versions may have gaps: deleting and restoring count, too."""
    post = make_post(author, content="0")
    for number in range(1, 12):
        post.revise(post.title, f"{number}")
        db.session.commit()
        if deleted_between:
            post.delete()
            db.session.commit()
            post.restore()
            db.session.commit()
    seen: list[tuple[str, str]] = []
    for number in (1, 2, 3):
        page = read(client.get(f"/post/{post.id}/history?page={number}"))
        seen += [
            (section.select("del")[0].text, section.select("ins")[0].text)
            for section in page.select("main section")
        ]
        assert "with 11 edits" in page.text
    assert seen == [(f"{number}", f"{number + 1}") for number in reversed(range(11))]
    for beyond in ("4", "0", "x", "9" * 30):
        assert client.get(f"/post/{post.id}/history?page={beyond}").status_code == 404


def test_the_history_of_an_unedited_post_says_so(client: Client, author: User) -> None:
    post = make_post(author)
    page = read(client.get(f"/post/{post.id}/history"))
    assert "no times" not in page.text
    assert "not been edited" in page.text


def test_the_history_escapes_markup(client: Client, author_client: Client, author: User) -> None:
    post = make_post(author, title="<i>a</i>", content="<i>a</i> **b**")
    edit(author_client, post, title="<u>b</u>", content="<u>a</u> **b**")
    page = read(client.get(f"/post/{post.id}/history"))
    assert page.select("main i, main u, main strong") == []
    assert "**b**" in page.text


@pytest.fixture
def edited(client: Client, app: Flask) -> tuple[Post, dict[str, Client]]:
    """A post with three versions, and who looks at it."""
    admin, author, stranger = make_user("admin.one"), make_user("author"), make_user("stranger")
    post = make_post(author, title="First", content="The red cat.")
    for number, content in enumerate(["The secret cat.", "The blue cat."]):
        post.revise(f"Title {number}", content)
        db.session.commit()
    clients = {"visitor": client}
    for name, user in (("admin", admin), ("author", author), ("stranger", stranger)):
        clients[name] = browser(app)
        clients[name].log_in(user)
    return post, clients


def actions(client: Client, post: Post) -> list[str]:
    forms = read(client.get(f"/post/{post.id}/history")).select("main section form")
    return [str(form["action"]).removeprefix(f"/post/{post.id}/history/") for form in forms]


def act(client: Client, post: Post, action: str) -> int:
    token = {"csrf_token": client.token("/menu")}
    return client.post(f"/post/{post.id}/history/{action}", data=token).status_code


def test_the_author_restores_a_version_as_an_edit(edited: tuple[Post, dict[str, Client]]) -> None:
    post, clients = edited
    for name in ("visitor", "stranger"):
        assert actions(clients[name], post) == []
    assert actions(clients["admin"], post) == ["2/hide", "1/hide"]
    assert actions(clients["author"], post) == ["2/restore", "2/hide", "1/restore", "1/hide"]
    assert act(clients["admin"], post, "1/restore") == 403
    assert act(clients["stranger"], post, "1/restore") == 403
    assert act(clients["author"], post, "9/restore") == 404
    assert act(clients["author"], post, "1/restore") == 302
    db.session.refresh(post)
    assert (post.title, post.content, post.version) == ("First", "The red cat.", 4)
    assert len(db.session.scalars(select(Revision)).all()) == 3


@pytest.mark.parametrize("who", ["author", "admin"])
def test_a_hidden_version_is_shown_to_author_and_admins_only(
    edited: tuple[Post, dict[str, Client]], who: str
) -> None:
    post, clients = edited
    assert act(clients["stranger"], post, "2/hide") == 403
    assert act(clients[who], post, "2/hide") == 302
    for name, client in clients.items():
        page = read(client.get(f"/post/{post.id}/history"))
        assert len(page.select("main section")) == 2
        assert ("secret" in page.text) == (name in {"author", "admin"})
        assert ("Title 0" in page.text) == (name in {"author", "admin"})
    assert act(clients["author"], post, "2/restore") == 403
    assert act(clients["stranger"], post, "2/show") == 403
    assert act(clients[who], post, "2/show") == 302
    assert "secret" in clients["visitor"].get(f"/post/{post.id}/history").text


def test_only_admins_show_what_an_admin_has_hidden(edited: tuple[Post, dict[str, Client]]) -> None:
    post, clients = edited
    act(clients["admin"], post, "2/hide")
    assert actions(clients["author"], post) == ["1/restore", "1/hide"]
    assert act(clients["author"], post, "2/show") == 403
    assert act(clients["author"], post, "2/hide") == 302
    assert act(clients["author"], post, "2/show") == 403
