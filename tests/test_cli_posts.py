"""`flask --app run posts render` renews what an older version of the renderer wrote."""

import contextvars
import sys
from collections.abc import Callable

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select, update

from flaskblog import markdown
from flaskblog.extensions import db
from flaskblog.markdown import RENDERER_VERSION
from flaskblog.models import Post, User
from tests.factories import make_post

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask) -> Run:
    def run(*arguments: str) -> Result:
        """In a context of its own, as from a shell."""
        db.session.rollback()
        runner = app.test_cli_runner()
        return contextvars.Context().run(runner.invoke, args=arguments)

    return run


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["flaskblog.cli.posts"], "BATCH", 2)


def make_old(*posts: Post) -> None:
    """As an older version left them."""
    ids = [post.id for post in posts]
    old = {"renderer_version": RENDERER_VERSION - 1, "content_html": "old", "excerpt": "old"}
    db.session.execute(update(Post).where(Post.id.in_(ids)).values(old))
    db.session.commit()


def columns() -> list[tuple[str, str, int]]:
    found = select(Post.content_html, Post.excerpt, Post.renderer_version).order_by(Post.id)
    return [(html, excerpt, version) for html, excerpt, version in db.session.execute(found)]


def test_what_is_old_is_rendered_and_nothing_else_changes(run: Run, writer: User) -> None:
    posts = [make_post(writer, content=f"*{number}*") for number in range(5)]
    posts[1].revise(posts[1].title, "*edited*")
    posts[2].delete()
    db.session.commit()
    before = columns()
    times = db.session.execute(select(Post.version, Post.edited_at).order_by(Post.id)).all()
    make_old(*posts[:4])
    result = run("posts", "render")
    assert result.exit_code == 0, result.output
    assert result.output.startswith("Posts")
    assert columns() == before
    assert db.session.execute(select(Post.version, Post.edited_at).order_by(Post.id)).all() == times


def test_what_is_new_is_left_alone(run: Run, writer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    new, old = make_post(writer), make_post(writer)
    make_old(old)
    db.session.execute(update(Post).where(Post.id == new.id).values(content_html="kept"))
    db.session.commit()
    run("posts", "render")
    assert [html for html, *_ in columns()] == ["kept", markdown.render(old.content)]
    monkeypatch.setattr(Post, "rendered", None)
    assert run("posts", "render").exit_code == 0, "nothing is left to do"


def test_who_stopped_it_goes_on_where_it_was(
    run: Run, writer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_old(*[make_post(writer, content=f"{number}") for number in range(5)])
    render = Post.rendered
    seen: list[str] = []
    stops_at = "3"

    def note_or_stop(content: str) -> dict[str, str | int]:
        if content == stops_at:
            raise KeyboardInterrupt
        seen.append(content)
        return render(content)

    monkeypatch.setattr(Post, "rendered", staticmethod(note_or_stop))
    assert run("posts", "render").exit_code != 0
    assert [version for *_, version in columns()].count(RENDERER_VERSION) == 2
    stops_at = ""
    seen.clear()
    assert run("posts", "render").exit_code == 0
    assert seen == ["2", "3", "4"]


def test_an_edit_made_meanwhile_is_not_overwritten(
    app: Flask, run: Run, writer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_old(make_post(writer, content="Before."))
    render = Post.rendered

    def edit_meanwhile(content: str) -> dict[str, str | int]:
        values = render(content)
        if content == "Before.":
            contextvars.Context().run(_edit, app)
        return values

    monkeypatch.setattr(Post, "rendered", staticmethod(edit_meanwhile))
    assert run("posts", "render").exit_code == 0
    assert [html for html, *_ in columns()] == ["<p>After.</p>\n"]


def _edit(app: Flask) -> None:
    with app.app_context():
        post = db.session.scalars(select(Post)).one()
        post.revise(post.title, "After.")
        db.session.commit()
