"""Writing and reading a post."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from flaskblog.database import now
from flaskblog.extensions import db
from flaskblog.models import Post, User
from flaskblog.models.lists import listed, newest
from tests.client import Client, read
from tests.factories import make_post


def test_a_post_is_stored_with_its_author_and_time(writer_client: Client, writer: User) -> None:
    answer = writer_client.submit("/post/new", title=" On\tengines ", content="One.\r\n\r\nTwo.\n")
    post = db.session.scalars(select(Post)).one()
    assert (answer.status_code, answer.location) == (302, f"/post/{post.id}")
    assert (post.title, post.content) == ("On engines", "One.\n\nTwo.")
    assert post.author_id == writer.id
    assert now() - post.created_at < timedelta(minutes=1)
    told = read(writer_client.get(answer.location)).select('[role="status"]')
    assert len(told) == 1
    assert read(writer_client.get(answer.location)).select('[role="status"]') == []


@pytest.mark.parametrize("field", ["id", "author_id", "created_at", "author"])
def test_a_form_sets_no_more_than_its_fields(
    writer_client: Client, writer: User, field: str
) -> None:
    fields: dict[str, Any] = {"title": "T", "content": "c", field: "999"}
    answer = writer_client.submit("/post/new", **fields)
    assert answer.status_code == 302
    post = db.session.scalars(select(Post)).one()
    assert post.id != 999
    assert post.author_id == writer.id


@pytest.mark.parametrize(
    "content",
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}", "&lt;b&gt;"],
)
def test_what_is_written_is_shown_as_text(client: Client, writer: User, content: str) -> None:
    post = make_post(writer, title=content[:100], content=content)
    for address in ("/", "/user/writer", f"/post/{post.id}"):
        page = read(client.get(address))
        assert page.select("main script, main b, main img:not(.picture)") == []
        assert content in [heading.text for heading in page.select("main h1, main h2")]


@pytest.mark.parametrize("content", ["One.\n\n\n Two.", "    indented", "</textarea>&amp;"])
def test_a_refused_post_comes_back_as_it_was_typed(writer_client: Client, content: str) -> None:
    answer = writer_client.submit("/post/new", title="", content=content)
    area = read(answer).select_one("textarea")
    assert area is not None
    assert area.text.replace("\r\n", "\n") == content


def test_text_of_either_direction_is_told_apart(client: Client, writer: User) -> None:
    post = make_post(writer, title="שלום", content="مرحبا")
    page = read(client.get(f"/post/{post.id}"))
    assert len(page.select('h1[dir="auto"], .prose[dir="auto"]')) == 2
    assert page.select("bdi")


def test_posts_of_one_moment_are_ordered_by_number() -> None:
    """SQLite happens to read its index in this order; PostgreSQL promises nothing."""
    assert "ORDER BY post.created_at DESC, post.id DESC" in str(newest(listed()))
