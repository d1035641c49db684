"""Drafts: their list, their secrecy, and the draft that saves itself."""

from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from flaskblog.database import now
from flaskblog.drafts import keep_draft
from flaskblog.extensions import db
from flaskblog.models import Draft, Post, User
from flaskblog.posts.forms import PostForm
from tests.client import Client, browser, read
from tests.desk import autosave, opened, press, sheet
from tests.factories import make_post, make_user

WORDS = {"title": "A secret", "content": "Not yet to be read."}


@pytest.fixture
def draft(writer_client: Client) -> Draft:
    press(writer_client, "draft", opened(writer_client), **WORDS)
    return db.session.scalars(select(Draft)).one()


@pytest.fixture
def stranger_client(app: Flask) -> Client:
    client = browser(app)
    client.log_in(make_user("stranger"))
    return client


def test_nobody_else_reaches_a_draft(
    client: Client, stranger_client: Client, writer_client: Client, draft: Draft
) -> None:
    own = make_post(db.session.scalars(User.named("stranger")).one())
    for address in (f"/post/new?draft={draft.id}", f"/post/{own.id}/update?draft={draft.id}"):
        assert stranger_client.get(address).status_code == 404
        assert client.get(address).status_code == 302, "to log in"
    token = {"csrf_token": stranger_client.token("/post/new")}
    deletion = f"/drafts/{draft.id}/delete"
    assert stranger_client.post(deletion, data=token).status_code == 404
    assert read(stranger_client.get("/drafts")).select("article") == []
    for address in ("/", "/user/writer", "/drafts", f"/post/{own.id}"):
        assert WORDS["title"] not in stranger_client.get(address).text
    assert writer_client.get(f"/post/new?draft={draft.id}").status_code == 200


def test_an_admin_is_somebody_else_too(app: Flask) -> None:
    admin, writer = make_user("admin.person"), make_user("writer")
    assert admin.is_admin
    clients = [browser(app), browser(app)]
    for client, user in zip(clients, (admin, writer), strict=True):
        client.log_in(user)
    press(clients[1], "draft", opened(clients[1]), **WORDS)
    number = db.session.scalars(select(Draft.id)).one()
    assert clients[0].get(f"/post/new?draft={number}").status_code == 404


def test_the_key_of_anothers_draft_leads_to_nothing_of_it(
    stranger_client: Client, draft: Draft
) -> None:
    fields = opened(stranger_client) | {"key": draft.key}
    autosave(stranger_client, fields, title="Mine", content="mine")
    press(stranger_client, "publish", fields, title="Mine", content="mine")
    assert db.session.scalars(select(Draft.title)).all() == [WORDS["title"]]


@pytest.mark.parametrize("number", ["0", "-1", "x", "", "9" * 19, "9" * 30, "1e3"])
def test_a_number_that_is_none_of_ones_drafts_is_not_found(
    writer_client: Client, writer: User, number: str
) -> None:
    for address in ("/post/new", f"/post/{make_post(writer).id}/update"):
        assert writer_client.get(f"{address}?draft={number}").status_code == 404


def test_the_list_has_the_latest_first_in_pages(writer_client: Client) -> None:
    for number in range(7):
        press(writer_client, "draft", opened(writer_client), title=f"{number}")
    page = read(writer_client.get("/drafts"))
    assert [link.text for link in page.select("article h2")] == ["6", "5", "4", "3", "2"]
    assert "7 drafts" in page.text
    rest = read(writer_client.get("/drafts?page=2"))
    assert [link.text for link in rest.select("article h2")] == ["1", "0"]
    assert writer_client.get("/drafts?page=3").status_code == 404


def test_an_empty_list_says_what_to_do_next(writer_client: Client) -> None:
    page = read(writer_client.get("/drafts"))
    assert page.select('main p a[href="/post/new"]')


def test_a_draft_is_deleted_by_its_author(writer_client: Client, draft: Draft) -> None:
    address = f"/drafts/{draft.id}/delete"
    form = read(writer_client.get("/drafts")).select_one("article form")
    assert form is not None
    assert form["action"] == address
    assert writer_client.submit("/drafts", form=0).status_code == 302
    assert db.session.scalars(select(Draft)).all() == []
    assert writer_client.get(address).status_code == 405


def test_what_saves_itself_answers_with_time_and_key(writer_client: Client, writer: User) -> None:
    for address in ("/post/new", f"/post/{make_post(writer).id}/update"):
        fields = opened(writer_client, address)
        answer = autosave(writer_client, fields, address, **WORDS)
        assert (answer.status_code, answer.mimetype) == (200, "application/json")
        assert answer.json
        assert answer.json["saved"] is True
        assert answer.json["key"] == fields["key"]
        assert abs((now() - datetime.fromisoformat(answer.json["at"])).total_seconds()) < 60
        autosave(writer_client, fields, address, title="Later", content="words")
        kept = db.session.scalars(select(Draft).where(Draft.key == fields["key"])).one()
        assert kept.title == "Later"


def test_a_save_that_cannot_be_is_told_in_json(app: Flask, writer_client: Client) -> None:
    fields = opened(writer_client)
    published = opened(writer_client)
    press(writer_client, "publish", published, **WORDS)
    for client, sent, code in (
        (browser(app), fields | WORDS, 401),
        (writer_client, fields | {"title": " "}, 400),
        (writer_client, fields | WORDS | {"csrf_token": "old"}, 400),
        (writer_client, published | {"title": "More", "content": "words"}, 400),
    ):
        answer = autosave(client, sent)
        assert (answer.status_code, answer.mimetype) == (code, "application/json")
        assert answer.json
        assert answer.json["detail"].endswith(".")
    assert db.session.scalars(select(Draft)).all() == []
    assert read(writer_client.get("/")).select("[role=status], [role=alert]") != []
    assert read(writer_client.get("/")).select("[role=status], [role=alert]") == []


def test_what_saves_itself_for_a_post_deleted_meanwhile_becomes_a_draft(
    writer_client: Client, writer: User
) -> None:
    post = make_post(writer)
    address = f"/post/{post.id}/update"
    fields = opened(writer_client, address)
    post.delete()
    db.session.commit()
    answer = autosave(writer_client, fields, address, **WORDS)
    assert answer.status_code == 200
    assert answer.json
    assert answer.json["saved"]
    assert db.session.scalars(select(Draft.title)).all() == [WORDS["title"]]


def test_the_draft_of_a_deleted_post_is_still_reached_and_published(
    writer_client: Client, writer: User
) -> None:
    post = make_post(writer)
    address = f"/post/{post.id}/update"
    saved = press(writer_client, "draft", opened(writer_client, address), address, **WORDS)
    post.delete()
    db.session.commit()
    link = read(writer_client.get("/drafts")).select_one("article h2 a")
    assert link is not None
    assert link["href"] == saved.location
    answer = writer_client.get(saved.location)
    laid = opened(writer_client, answer.location)
    assert laid.items() >= WORDS.items()
    assert press(writer_client, "publish", laid).status_code == 302
    assert db.session.scalars(Post.living()).one().title == WORDS["title"]
    assert db.session.scalars(select(Draft)).all() == []


def test_two_tabs_that_save_one_new_form_at_once_keep_one_draft(
    app: Flask, writer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other tab's row comes between the look for one and the commit."""
    with app.test_request_context():
        form = PostForm.blank()
        form.title.data, form.content.data = "This tab", "words"
    key, commit = form.key.data, Session.commit
    collisions: list[str] = []

    def commit_late(session: Session) -> None:
        if not collisions:
            with db.engine.begin() as other:
                other.execute(
                    insert(Draft).values(
                        author_id=writer.id, key=key, title="That tab", content="", updated_at=now()
                    )
                )
        try:
            commit(session)
        except IntegrityError:
            collisions.append(key)
            raise

    author_id = writer.id
    monkeypatch.setattr(Session, "commit", commit_late)
    keep_draft(writer, form)
    monkeypatch.undo()
    assert collisions == [key]
    rows = db.session.execute(select(Draft.author_id, Draft.title)).all()
    assert rows == [(author_id, "This tab")]


@pytest.mark.usefixtures("draft")
def test_a_draft_goes_with_its_author(writer: User) -> None:
    db.session.delete(writer)
    db.session.commit()
    assert db.session.scalars(select(Draft)).all() == []


def test_the_list_survives_a_draft_without_title_or_with_one_endless_word(
    writer_client: Client,
) -> None:
    for words in ({"content": "x" * 5_000}, {"title": "&<b>" * 60}):
        press(writer_client, "draft", opened(writer_client), **words)
    page = read(writer_client.get("/drafts"))
    assert page.select("main b") == []
    assert all(link.text.strip() for link in page.select("article h2 a"))
    assert sheet(writer_client.get(str(page.select("article h2 a")[1]["href"])))["title"] == ""
