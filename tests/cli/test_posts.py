"""The command `posts render`."""

import contextvars

import pytest
from flask import Flask
from sqlalchemy import select, update

from flaskblog.cli import posts as posts_command
from flaskblog.extensions import db
from flaskblog.models import Post, User
from flaskblog.text import markdown
from flaskblog.text.markdown import RENDERER_VERSION
from tests.support.commands import run_command
from tests.support.factories import make_post


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posts_command, "BATCH", 2)


def make_old(*posts: Post) -> None:
    """Set the columns to those of an older renderer."""
    ids = [post.id for post in posts]
    old = {"renderer_version": RENDERER_VERSION - 1, "content_html": "old", "excerpt": "old"}
    db.session.execute(update(Post).where(Post.id.in_(ids)).values(old))
    db.session.commit()


def columns() -> list[tuple[str, str, int]]:
    found = select(Post.content_html, Post.excerpt, Post.renderer_version).order_by(Post.id)
    return [(html, excerpt, version) for html, excerpt, version in db.session.execute(found)]


def test_render_updates_old_posts_and_nothing_else(app: Flask, author: User) -> None:
    posts = [make_post(author, content=f"*{number}*") for number in range(5)]
    posts[1].revise(posts[1].title, "*edited*")
    posts[2].delete()
    db.session.commit()
    before = columns()
    times = db.session.execute(select(Post.version, Post.edited_at).order_by(Post.id)).all()
    make_old(*posts[:4])
    result = run_command(app, "posts", "render")
    assert result.exit_code == 0, result.output
    assert result.output.startswith("Posts")
    assert columns() == before
    assert db.session.execute(select(Post.version, Post.edited_at).order_by(Post.id)).all() == times


def test_render_leaves_current_posts_alone(
    app: Flask, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, old = make_post(author), make_post(author)
    make_old(old)
    db.session.execute(update(Post).where(Post.id == new.id).values(content_html="kept"))
    db.session.commit()
    run_command(app, "posts", "render")
    assert [html for html, *_ in columns()] == ["kept", markdown.render(old.content)]
    monkeypatch.setattr(Post, "rendered", None)
    assert run_command(app, "posts", "render").exit_code == 0, "no post is old"


def test_an_interrupted_render_can_be_continued(
    app: Flask, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_old(*[make_post(author, content=f"{number}") for number in range(5)])
    render = Post.rendered
    seen: list[str] = []
    stops_at = "3"

    def record_or_stop(content: str) -> dict[str, str | int]:
        if content == stops_at:
            raise KeyboardInterrupt
        seen.append(content)
        return render(content)

    monkeypatch.setattr(Post, "rendered", staticmethod(record_or_stop))
    assert run_command(app, "posts", "render").exit_code != 0
    assert [version for *_, version in columns()].count(RENDERER_VERSION) == 2
    stops_at = ""
    seen.clear()
    assert run_command(app, "posts", "render").exit_code == 0
    assert seen == ["2", "3", "4"]


def test_an_edit_during_the_command_is_not_overwritten(
    app: Flask, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_old(make_post(author, content="Before."))
    render = Post.rendered

    def edit_meanwhile(content: str) -> dict[str, str | int]:
        values = render(content)
        if content == "Before.":
            contextvars.Context().run(_edit, app)
        return values

    monkeypatch.setattr(Post, "rendered", staticmethod(edit_meanwhile))
    assert run_command(app, "posts", "render").exit_code == 0
    assert [html for html, *_ in columns()] == ["<p>After.</p>\n"]


def _edit(app: Flask) -> None:
    with app.app_context():
        post = db.session.scalars(select(Post)).one()
        post.revise(post.title, "After.")
        db.session.commit()
