"""The public history of a post: what each edit changed."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from flaskblog.database.base import now
from flaskblog.extensions import db
from flaskblog.models import Post, Revision, User
from tests.support.client import Client, read
from tests.support.editor import open_editor, press
from tests.support.factories import make_post


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
    assert "edited 2 times since" in page.text
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
        assert "edited 11 times" in page.text
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
