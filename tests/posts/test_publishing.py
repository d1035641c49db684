"""Publishing a post."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from flaskblog.database.base import now
from flaskblog.extensions import db
from flaskblog.models import Post, User
from tests.support.client import Client, read
from tests.support.factories import make_post


def test_a_post_is_stored_with_its_author_and_time(author_client: Client, author: User) -> None:
    response = author_client.submit(
        "/post/new", title=" On\tengines ", content="One.\r\n\r\nTwo.\n"
    )
    post = db.session.scalars(select(Post)).one()
    assert (response.status_code, response.location) == (302, f"/post/{post.id}")
    assert (post.title, post.content) == ("On engines", "One.\n\nTwo.")
    assert post.author_id == author.id
    assert now() - post.created_at < timedelta(minutes=1)
    messages = read(author_client.get(response.location)).select('[role="status"]')
    assert len(messages) == 1
    assert read(author_client.get(response.location)).select('[role="status"]') == []


@pytest.mark.parametrize("field", ["id", "author_id", "created_at", "author"])
def test_the_form_sets_only_its_own_fields(author_client: Client, author: User, field: str) -> None:
    fields: dict[str, Any] = {"title": "T", "content": "c", field: "999"}
    response = author_client.submit("/post/new", **fields)
    assert response.status_code == 302
    post = db.session.scalars(select(Post)).one()
    assert post.id != 999
    assert post.author_id == author.id


@pytest.mark.parametrize(
    "content",
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}", "&lt;b&gt;"],
)
def test_markup_in_titles_is_escaped(client: Client, author: User, content: str) -> None:
    post = make_post(author, title=content[:100], content=content)
    for address in ("/", "/user/author", f"/post/{post.id}"):
        page = read(client.get(address))
        assert page.select("main script, main b, main img:not(.picture)") == []
        assert content in [heading.text for heading in page.select("main h1, main h2")]


@pytest.mark.parametrize("content", ["One.\n\n\n Two.", "    indented", "</textarea>&amp;"])
def test_a_rejected_form_shows_the_text_as_typed(author_client: Client, content: str) -> None:
    response = author_client.submit("/post/new", title="", content=content)
    area = read(response).select_one("textarea[name=content]")
    assert area is not None
    assert area.text.replace("\r\n", "\n") == content


def test_text_has_automatic_direction(client: Client, author: User) -> None:
    post = make_post(author, title="שלום", content="مرحبا")
    page = read(client.get(f"/post/{post.id}"))
    assert len(page.select('h1[dir="auto"], .prose[dir="auto"]')) == 2
    assert page.select("bdi")
