"""Simultaneous requests: no duplicate post, no lost text, no 500."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import sleep
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from flaskblog.extensions import db
from flaskblog.models import Draft, Post, Revision, User
from flaskblog.posts.publishing import publish
from tests.support.client import Client, browser, is_own_page, read
from tests.support.editor import announcements, autosave, form_fields, open_editor, press
from tests.support.factories import make_post, make_user

TABS = 4
TEXT = {"title": "On engines", "content": "It weaves."}


@pytest.fixture
def tabs(app: Flask, author_client: Client) -> list[Client]:
    """Browsers that share one session, as tabs do."""
    author_client.get("/post/new")  # stores a CSRF token in the session that all tabs share
    cookie = author_client.get_cookie("session")
    assert cookie is not None
    clients = [browser(app) for _ in range(TABS)]
    for client in clients:
        client.set_cookie("session", cookie.value)
    return clients


def simultaneously(
    clients: list[Client], act: Callable[[Client, int], TestResponse]
) -> list[TestResponse]:
    start = Barrier(len(clients), timeout=10)

    def begin(number: int) -> TestResponse:
        start.wait()
        return act(clients[number], number)

    with ThreadPoolExecutor(len(clients)) as pool:
        return list(pool.map(begin, range(len(clients))))


def statuses(responses: list[TestResponse]) -> list[int]:
    return sorted(response.status_code for response in responses)


def change_before_insert(monkeypatch: pytest.MonkeyPatch, change: Callable[[], object]) -> None:
    """Run a change as another request would, before this one writes its new post."""
    insert = Post.insert

    def insert_after_change(*args: Any) -> int:
        monkeypatch.setattr(Post, "insert", insert)
        change()
        return insert(*args)

    monkeypatch.setattr(Post, "insert", insert_after_change)


def change_before_edit(monkeypatch: pytest.MonkeyPatch, change: Callable[[], object]) -> None:
    """Run a change as another request would, before this one writes its edit."""
    revise = Post.revise

    def revise_after_change(post: Post, title: str, content: str) -> None:
        change()
        revise(post, title, content)

    monkeypatch.setattr(Post, "revise", revise_after_change)


def test_simultaneous_submissions_of_a_form_publish_one_post(
    tabs: list[Client], author: User
) -> None:
    forms = [open_editor(tabs[0]) for _ in range(3)]
    while forms:
        responses = simultaneously(tabs, lambda tab, _: press(tab, "publish", forms[-1], **TEXT))
        assert statuses(responses) == [302] * TABS
        assert len({response.location for response in responses}) == 1
        forms.pop()
    assert db.session.scalar(select(func.count(Post.id))) == 3
    db.session.refresh(author)
    assert author.posts_count == 3


def test_other_text_that_lost_the_race_becomes_a_draft(
    app: Flask,
    author_client: Client,
    author: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fields = open_editor(author_client)
    author_id = author.id

    def publish_elsewhere() -> None:
        with app.app_context():
            author = db.session.get_one(User, author_id)
            publish(author, "That tab", "words", fields["key"])

    change_before_insert(monkeypatch, publish_elsewhere)
    response = press(author_client, "publish", fields, title="This tab", content="others")
    assert "/update?draft=" in response.location
    assert open_editor(author_client, response.location)["title"] == "This tab"
    assert db.session.scalars(select(Post.title)).all() == ["That tab"]


def test_an_author_deleted_during_the_request_publishes_nothing(
    app: Flask,
    author_client: Client,
    author: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fields = open_editor(author_client)
    author_id = author.id

    def delete_account_elsewhere() -> None:
        with app.app_context():
            db.session.delete(db.session.get_one(User, author_id))
            db.session.commit()

    change_before_insert(monkeypatch, delete_account_elsewhere)
    response = press(author_client, "publish", fields, **TEXT)
    assert response.status_code == 404
    assert is_own_page(response)
    assert db.session.scalars(select(Post)).all() == []


def test_simultaneous_autosaves_of_a_form_create_one_draft(tabs: list[Client]) -> None:
    fields = open_editor(tabs[0])
    responses = simultaneously(tabs, lambda tab, number: autosave(tab, fields, title=f"{number}"))
    assert statuses(responses) == [200] * TABS
    assert db.session.scalars(select(Draft.title)).one() in "0123"


def test_of_simultaneous_edits_one_is_saved_and_the_others_conflict(
    tabs: list[Client], author: User
) -> None:
    post = make_post(author, content="First.")
    address = f"/post/{post.id}/update"
    fields = open_editor(tabs[0], address)
    responses = simultaneously(
        tabs, lambda tab, number: press(tab, "publish", fields, address, content=f"By {number}.")
    )
    assert statuses(responses) == [302, *[409] * (TABS - 1)]
    db.session.refresh(post)
    assert post.version == 2
    for number, response in enumerate(responses):
        if response.status_code == 409:
            assert form_fields(response)["content"] == f"By {number}."
        else:
            assert post.content == f"By {number}."
    assert db.session.scalars(select(Revision.content)).all() == ["First."]


def test_simultaneous_edits_with_the_same_text_all_succeed(
    tabs: list[Client], author: User
) -> None:
    address = f"/post/{make_post(author).id}/update"
    fields = open_editor(tabs[0], address)
    responses = simultaneously(tabs, lambda tab, _: press(tab, "publish", fields, address, **TEXT))
    assert statuses(responses) == [302] * TABS
    assert db.session.scalars(select(Post.version)).all() == [2]
    assert len(db.session.scalars(select(Revision)).all()) == 1


def test_a_conflict_shows_both_versions_and_can_be_resolved(
    tabs: list[Client], author: User
) -> None:
    post = make_post(author, title="Old title", content="One two three.")
    address = f"/post/{post.id}/update"
    first, second = (open_editor(tab, address) for tab in tabs[:2])
    press(tabs[0], "publish", first, address, title="New title", content="One 2 three.")
    conflict = press(tabs[1], "publish", second, address, content="One two drei.")
    assert conflict.status_code == 409
    page = read(conflict)
    assert "alert" in announcements(conflict)
    assert [tag.text for tag in page.select(".conflict del")]
    assert [tag.text for tag in page.select(".conflict ins")]
    assert "One 2 three." in [tag.text for tag in page.select(".conflict pre")]
    assert "New title" in page.select(".conflict")[0].text
    assert form_fields(conflict)["content"] == "One two drei."
    assert db.session.scalars(select(Post.content)).all() == ["One 2 three."]

    chosen = form_fields(conflict)
    assert press(tabs[1], "publish", chosen, address, content="One 2 drei.").status_code == 302
    db.session.refresh(post)
    assert (post.content, post.version) == ("One 2 drei.", 3)
    assert db.session.scalars(select(Revision.content).order_by(Revision.version)).all() == [
        "One two three.",
        "One 2 three.",
    ]


def test_previews_errors_and_drafts_keep_the_version_that_was_read(
    tabs: list[Client], author: User
) -> None:
    address = f"/post/{make_post(author).id}/update"
    seen = open_editor(tabs[1], address)
    press(tabs[0], "publish", open_editor(tabs[0], address), address, content="Meanwhile.")
    for button, title in (("preview", "T"), ("publish", ""), ("draft", "T")):
        response = press(tabs[1], button, seen, address, title=title, content="Mine.")
        if response.location:
            response = tabs[1].get(response.location)
        seen = form_fields(response)
    assert press(tabs[1], "publish", seen, address, title="T").status_code == 409


def test_an_edit_of_a_post_deleted_during_the_request_becomes_a_draft(
    app: Flask,
    author_client: Client,
    author: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    post_id = make_post(author).id
    address = f"/post/{post_id}/update"
    fields = open_editor(author_client, address)

    def delete_elsewhere() -> None:
        with app.app_context():
            db.session.get_one(Post, post_id).delete()
            db.session.commit()

    change_before_edit(monkeypatch, delete_elsewhere)
    response = press(author_client, "publish", fields, address, **TEXT)
    assert response.location.startswith("/post/new?draft=")
    assert open_editor(author_client, response.location).items() >= TEXT.items()


@pytest.mark.parametrize("action", ["delete", "restore"])
def test_simultaneous_deletions_and_restorations_count_once(
    tabs: list[Client], author: User, action: str
) -> None:
    post = make_post(author)
    make_post(author)
    address = f"/post/{post.id}/{action}"
    token = {"csrf_token": tabs[0].token("/post/new")}
    if action == "restore":
        post.delete()
        db.session.commit()
    responses = simultaneously(tabs, lambda tab, _: tab.post(address, data=token))
    assert set(statuses(responses)) <= {302, 410}
    assert 302 in statuses(responses)
    db.session.refresh(author)
    assert author.posts_count == len(db.session.scalars(Post.visible()).all())


def test_rendering_posts_again_does_not_conflict_with_an_edit(
    author_client: Client, author: User
) -> None:
    post = make_post(author)
    address = f"/post/{post.id}/update"
    fields = open_editor(author_client, address)
    db.session.execute(update(Post).values(renderer_version=0))
    db.session.commit()
    assert press(author_client, "publish", fields, address, **TEXT).status_code == 302


def test_eight_writers_publish_while_readers_page_through_the_list(app: Flask) -> None:
    writers, posts_each = 8, 25
    clients = [browser(app) for _ in range(writers + 2)]
    for number, client in enumerate(clients[:writers]):
        client.log_in(make_user(f"author{number}"))
    finished: list[int] = []
    published: list[str] = []
    observations: list[tuple[list[str], list[str]]] = []

    def act(client: Client, number: int) -> TestResponse:
        if number >= writers:
            while len(finished) < writers:
                observations.append((list(published), _titles(client, at_most=50)))
                sleep(0.1)
            return client.get("/")
        fields = open_editor(client)
        for time in range(posts_each):
            key = f"{number:08}-{time:08}"
            response = press(client, "publish", fields, key=key, title=key, content="words")
            assert response.status_code == 302
            published.append(key)
        finished.append(number)
        return response

    simultaneously(clients, act)
    titles = _titles(clients[0], at_most=writers * posts_each)
    assert len(titles) == writers * posts_each
    assert set(titles) == {
        f"{n:08}-{time:08}" for n in range(writers) for time in range(posts_each)
    }
    position = {title: number for number, title in enumerate(titles)}
    assert observations
    for published_before, titles_read in observations:
        # New posts move the others down: a reader may see one twice, but misses none.
        end = max(position[title] for title in titles_read) if titles_read else 0
        assert {title for title in published_before if position[title] <= end} <= set(titles_read)
    assert set(db.session.scalars(select(User.posts_count))) == {posts_each}


def _titles(client: Client, at_most: int) -> list[str]:
    """The titles of the list, page by page."""
    titles: list[str] = []
    address = "/"
    while address and len(titles) < at_most:
        response = client.get(address)
        assert response.status_code == 200
        page = read(response)
        titles += [link.text for link in page.select("article h2 a")]
        next_link = page.select_one('a[rel="next"]')
        address = str(next_link["href"]) if next_link else ""
    return titles
