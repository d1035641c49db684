"""Limits of what a member writes: each refusal says why and keeps the text."""

from collections.abc import Callable
from threading import Event, Thread

import pytest
from flask import Flask
from redis import RedisError
from sqlalchemy import func, insert, select, update
from werkzeug.test import TestResponse

from flaskblog.database.base import now
from flaskblog.extensions import db, limiter
from flaskblog.models import Draft, Post, User, storage
from flaskblog.models.post import RESTORABLE
from flaskblog.models.storage import MAX_DRAFTS
from flaskblog.posts import limits
from flaskblog.posts.drafts import DRAFTS_FULL
from flaskblog.posts.limits import STORAGE_FULL
from flaskblog.text import markdown
from tests.support.api_client import ApiClient
from tests.support.client import Client, browser, read
from tests.support.editor import announcements, autosave, form_fields, open_editor, press
from tests.support.factories import PASSWORD, make_post, make_user
from tests.web.test_limits import let_time_pass

TEXT = {"title": "On engines", "content": "It weaves."}


def assert_refused(page: TestResponse, status: int, reason: str) -> None:
    """The editor has the text and the reason."""
    assert page.status_code == status
    assert "alert" in announcements(page)
    assert reason in read(page).text
    assert form_fields(page).items() >= TEXT.items()


def keep_drafts(author: User, count: int) -> None:
    row = {"author_id": author.id, "title": "", "content": "", "updated_at": now()}
    db.session.execute(insert(Draft), [row | {"key": f"{number:016}"} for number in range(count)])
    db.session.commit()


def count(model: type[Draft | Post]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_the_draft_above_the_limit_is_refused_and_its_text_stays_in_the_form(
    author_client: Client, author: User
) -> None:
    keep_drafts(author, MAX_DRAFTS - 1)
    last, fields = open_editor(author_client), open_editor(author_client)
    assert press(author_client, "draft", last, **TEXT).status_code == 302
    refused = press(author_client, "draft", fields, **TEXT)
    assert_refused(refused, 409, DRAFTS_FULL)
    assert autosave(author_client, fields, **TEXT).json == {"detail": DRAFTS_FULL}
    assert count(Draft) == MAX_DRAFTS

    assert press(author_client, "draft", last, title="Saved again").status_code == 302
    draft_id = db.session.scalars(select(Draft.id).where(Draft.title == "")).first()
    author_client.post(f"/drafts/{draft_id}/delete", data={"csrf_token": fields["csrf_token"]})
    assert press(author_client, "draft", form_fields(refused)).status_code == 302
    assert db.session.scalar(Draft.count_of(author)) == MAX_DRAFTS


def test_the_limit_of_drafts_is_counted_per_member(author_client: Client) -> None:
    keep_drafts(make_user("stranger"), MAX_DRAFTS)
    assert press(author_client, "draft", open_editor(author_client), **TEXT).status_code == 302


def test_a_text_that_was_kept_through_the_log_in_stays_in_the_form_if_drafts_are_full(
    client: Client, author: User
) -> None:
    keep_drafts(author, MAX_DRAFTS)
    page = form_fields(client.post("/post/new", data=TEXT))
    refused = client.post("/post/resume", data=page | {"email": "author", "password": PASSWORD})
    assert_refused(refused, 409, DRAFTS_FULL)
    assert press(client, "publish", form_fields(refused)).status_code == 302
    assert count(Post) == 1


def test_an_edit_of_a_deleted_post_stays_in_the_form_if_drafts_are_full(
    author_client: Client, author: User
) -> None:
    post = make_post(author)
    address = f"/post/{post.id}/update"
    fields = open_editor(author_client, address)
    post.delete()
    db.session.commit()
    keep_drafts(author, MAX_DRAFTS)
    refused = press(author_client, "publish", fields, address, **TEXT)
    assert_refused(refused, 409, DRAFTS_FULL)
    assert press(author_client, "publish", form_fields(refused)).status_code == 302
    assert db.session.scalars(Post.visible()).one().title == TEXT["title"]


@pytest.mark.parametrize(
    "text",
    [{"title": "t" * 1_001, "content": "c"}, {"title": "", "content": "c" * 100_001}],
    ids=["title", "content"],
)
def test_a_draft_that_is_too_long_is_refused_and_stays_in_the_form(
    author_client: Client, text: dict[str, str]
) -> None:
    fields = open_editor(author_client)
    refused = press(author_client, "draft", fields, **text)
    assert refused.status_code == 409
    assert "Shorten it by 1." in refused.text
    assert form_fields(refused).items() >= text.items()
    autosaved = autosave(author_client, fields, **text)
    assert autosaved.status_code == 409
    assert autosaved.json
    assert autosaved.json["detail"].endswith("Shorten it by 1.")
    assert count(Draft) == 0


@pytest.mark.usefixtures("limited")
def test_pages_and_api_share_the_limit_of_edits(
    app: Flask, author_client: Client, author: User
) -> None:
    post = make_post(author)
    address = f"/post/{post.id}/update"
    api = ApiClient(app, author)
    for number in range(30):
        changed = api.patch(f"/api/posts/{post.id}", {"content": f"By the API: {number}."})
        assert changed.status_code == 200
        fields = open_editor(author_client, address)
        assert press(author_client, "publish", fields, address).status_code == 302
    fields = open_editor(author_client, address)
    refused = press(author_client, "publish", fields, address, **TEXT)
    assert_refused(refused, 429, "You have edited too many posts in the last hour. Try again in")
    assert refused.headers["RateLimit-Limit"] == "60"
    assert 3500 < int(refused.headers["Retry-After"]) <= 3600
    for change in (api.patch, api.put):
        problem = change(f"/api/posts/{post.id}", TEXT)
        assert (problem.status_code, problem.mimetype) == (429, "application/problem+json")
        assert int(problem.headers["Retry-After"]) > 3500
    assert db.session.scalars(select(Post.content)).all() == ["By the API: 29."]
    let_time_pass(3600)
    assert press(author_client, "publish", form_fields(refused), address).status_code == 302


@pytest.mark.usefixtures("limited")
def test_a_member_has_120_previews_per_hour(
    author_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "render", lambda _text: "<p>Rendered</p>")
    fields = open_editor(author_client)
    previews = [press(author_client, "preview", fields, **TEXT) for _ in range(121)]
    assert {page.status_code for page in previews[:120]} == {200}
    assert_refused(previews[-1], 429, "You have previewed too many texts in the last hour.")
    assert int(previews[-1].headers["Retry-After"]) > 3500
    assert press(author_client, "publish", form_fields(previews[-1])).status_code == 302


@pytest.fixture
def held_preview(app: Flask, author: User, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Begin a preview in another tab that ends with the call, which returns its status."""
    began, go_on = Event(), Event()
    statuses: list[int] = []

    def render(text: str) -> str:
        monkeypatch.setattr(limits, "render", markdown.render)
        began.set()
        assert go_on.wait(30)
        return markdown.render(text)

    monkeypatch.setattr(limits, "render", render)
    tab = browser(app)
    tab.start_session(author)
    fields = open_editor(tab)

    def show() -> None:
        with app.app_context():
            statuses.append(press(tab, "preview", fields, **TEXT).status_code)

    thread = Thread(target=show)
    thread.start()
    assert began.wait(30)

    def finish() -> int:
        go_on.set()
        thread.join()
        return statuses[0]

    return finish


@pytest.mark.usefixtures("limited")
def test_a_second_simultaneous_preview_is_refused_and_one_after_it_is_shown(
    app: Flask, author_client: Client, held_preview: Callable[[], int]
) -> None:
    fields = open_editor(author_client)
    stranger = browser(app)
    stranger.start_session(make_user("stranger"))
    for _ in range(2):
        refused = press(author_client, "preview", fields, **TEXT)
        assert_refused(refused, 429, "Your previous preview is not finished yet.")
        assert 1 <= int(refused.headers["Retry-After"]) <= 15
    assert press(stranger, "preview", open_editor(stranger), **TEXT).status_code == 200
    assert held_preview() == 200
    assert press(author_client, "preview", form_fields(refused)).status_code == 200


@pytest.mark.usefixtures("limited")
def test_a_preview_whose_process_was_killed_blocks_the_next_for_15_seconds(
    author_client: Client, held_preview: Callable[[], int]
) -> None:
    fields = open_editor(author_client)
    assert press(author_client, "preview", fields, **TEXT).status_code == 429
    let_time_pass(15)
    assert press(author_client, "preview", fields, **TEXT).status_code == 200
    held_preview()


@pytest.mark.usefixtures("limited")
def test_a_preview_that_failed_does_not_block_the_next(
    app: Flask, author_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_text: str) -> str:
        raise ValueError

    fields = open_editor(author_client)
    monkeypatch.setattr(limits, "render", fail)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    assert press(author_client, "preview", fields, **TEXT).status_code == 500
    monkeypatch.setattr(limits, "render", markdown.render)
    assert press(author_client, "preview", fields, **TEXT).status_code == 200


@pytest.mark.usefixtures("limited")
def test_a_preview_is_shown_even_if_the_next_one_has_to_wait(
    author_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise RedisError

    fields = open_editor(author_client)
    monkeypatch.setattr(limiter.limiter, "clear", fail)
    assert press(author_client, "preview", fields, **TEXT).status_code == 200
    assert press(author_client, "preview", fields, **TEXT).status_code == 429


@pytest.fixture
def full(author: User) -> None:
    """The author has stored as much as the limit allows."""
    post = make_post(author, title="Before", content="é" * 1_000)
    post.revise("Before", "é" * 2_000)
    db.session.commit()
    stored = _bytes(author)
    assert stored == 2 * len("Before") + 6_000 + len(post.content_html.encode())


@pytest.fixture
def limit_of_storage(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    def set_limit(size: int) -> None:
        monkeypatch.setattr(limits, "MAX_STORED_BYTES", size)

    return set_limit


def _bytes(author: User) -> int:
    """What a recount finds, which is what the writes have added."""
    db.session.refresh(author)
    added = author.stored_bytes
    storage.recount(author.id)
    db.session.commit()
    assert added == author.stored_bytes
    assert added is not None
    return added


@pytest.mark.usefixtures("full")
def test_posts_above_the_limit_of_storage_are_refused_and_keep_their_text(
    app: Flask, author_client: Client, author: User, limit_of_storage: Callable[[int], None]
) -> None:
    post_id = db.session.scalars(select(Post.id)).one()
    address = f"/post/{post_id}/update"
    fields, edit = open_editor(author_client), open_editor(author_client, address)
    limit_of_storage(_bytes(author))
    refused = press(author_client, "publish", fields, **TEXT)
    assert_refused(refused, 409, STORAGE_FULL)
    assert_refused(press(author_client, "publish", edit, address, **TEXT), 409, STORAGE_FULL)
    assert press(author_client, "draft", form_fields(refused)).status_code == 302

    api = ApiClient(app, author)
    for answer in (api.post("/api/posts", TEXT), api.put(f"/api/posts/{post_id}", TEXT)):
        assert (answer.status_code, answer.mimetype) == (409, "application/problem+json")
        assert answer.json
        assert answer.json["detail"] == STORAGE_FULL
    assert db.session.scalars(select(Post.title)).all() == ["Before"]

    limit_of_storage(_bytes(author) + 1)
    assert press(author_client, "publish", fields, **TEXT).status_code == 302
    assert press(author_client, "publish", edit, address, **TEXT).status_code == 409


@pytest.mark.usefixtures("full")
def test_what_was_deleted_for_good_makes_room(
    author_client: Client, author: User, limit_of_storage: Callable[[int], None]
) -> None:
    limit_of_storage(_bytes(author))
    db.session.scalars(select(Post)).one().deleted_at = now() - RESTORABLE
    Post.delete_expired()
    db.session.commit()
    assert press(author_client, "publish", open_editor(author_client), **TEXT).status_code == 302
    assert _bytes(author) < 100


@pytest.mark.usefixtures("full")
def test_the_texts_of_earlier_versions_of_the_site_are_counted_at_the_first_write(
    author_client: Client, author: User, limit_of_storage: Callable[[int], None]
) -> None:
    size = _bytes(author)
    db.session.execute(update(User).values(stored_bytes=None))
    db.session.commit()
    limit_of_storage(size)
    fields = open_editor(author_client)
    assert_refused(press(author_client, "publish", fields, **TEXT), 409, STORAGE_FULL)
    limit_of_storage(size + 1)
    assert press(author_client, "publish", fields, **TEXT).status_code == 302
    assert _bytes(author) > size


def test_a_publication_counts_its_bytes_without_another_statement(
    author: User, statements: list[str]
) -> None:
    make_post(author, content="First.")
    before = _bytes(author)
    statements.clear()
    Post.insert(author.id, "Title", "😀", None)
    assert len(statements) == 2
    assert _bytes(author) == before + len("Title") + 4 + len("<p>😀</p>\n".encode())
