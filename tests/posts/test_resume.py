"""No text is lost: expired sessions and tokens, second clicks, deleted posts."""

import re

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from flaskblog.database.base import now
from flaskblog.extensions import db
from flaskblog.models import Draft, Post, Session, User
from flaskblog.models.post import RESTORABLE
from tests.support.client import Client, browser, is_own_page, message_at, read
from tests.support.editor import announcements, form_fields, open_editor, press
from tests.support.factories import PASSWORD, make_post, make_user

TEXT = {"title": "On <b>engines</b>", "content": '  One & "two".\n\n\n\tThree.'}
BUTTONS = pytest.mark.parametrize("button", ["publish", "preview", "draft"])


def count_posts() -> int:
    return db.session.scalar(select(func.count(Post.id))) or 0


def end_sessions() -> None:
    db.session.execute(delete(Session))
    db.session.commit()


def log_in_again(client: Client, page: dict[str, str], name: str = "author") -> str:
    response = client.post("/post/resume", data=page | {"email": name, "password": PASSWORD})
    assert response.status_code == 302
    return response.location


@pytest.mark.parametrize(
    "wrong", [{"title": ""}, {"content": "\u200b\u2800"}, {"title": "t" * 101}]
)
def test_a_rejected_form_keeps_its_text_and_key(
    author_client: Client, wrong: dict[str, str]
) -> None:
    fields = open_editor(author_client) | TEXT | wrong
    token = {("csrf_token", fields["csrf_token"])}
    for button in ("publish", "preview"):
        response = press(author_client, button, fields)
        assert response.status_code == 200
        assert message_at(response, next(iter(wrong)))
        assert form_fields(response).items() >= fields.items() - token
    assert press(author_client, "publish", fields | TEXT).status_code == 302
    assert count_posts() == 1


@BUTTONS
def test_text_submitted_after_the_session_expired_is_kept_through_the_log_in(
    author_client: Client, button: str
) -> None:
    fields = open_editor(author_client)
    end_sessions()
    page = press(author_client, button, fields, **TEXT)
    assert "Log in" in page.text
    assert announcements(page) == ["status"]
    wrong = author_client.post(
        "/post/resume", data=form_fields(page) | {"email": "author", "password": "a wrong one"}
    )
    assert message_at(wrong, "password")
    editor_url = log_in_again(author_client, form_fields(wrong))
    assert count_posts() == 0
    form = open_editor(author_client, editor_url)
    assert (form["title"], form["content"]) == (
        TEXT["title"],
        TEXT["content"],
    )
    assert form["key"] == fields["key"]
    assert form["csrf_token"] != fields["csrf_token"]
    for _ in range(2):
        response = press(author_client, "publish", form)
        assert response.location.startswith("/post/")
    assert count_posts() == 1
    assert db.session.scalars(select(Draft)).all() == []


def test_a_log_in_with_an_expired_token_keeps_the_text(
    author_client: Client,
) -> None:
    fields = open_editor(author_client)
    end_sessions()
    page = form_fields(press(author_client, "publish", fields, **TEXT)) | {"csrf_token": "old"}
    second_page = author_client.post(
        "/post/resume", data=page | {"email": "author", "password": PASSWORD}
    )
    assert second_page.status_code == 400
    assert "alert" in announcements(second_page)
    form = open_editor(author_client, log_in_again(author_client, form_fields(second_page)))
    assert form.items() >= TEXT.items()


def test_a_log_in_in_another_tab_keeps_the_text(author_client: Client, author: User) -> None:
    fields = open_editor(author_client)
    end_sessions()
    page = press(author_client, "publish", fields, **TEXT)
    author_client.log_in(author)
    second_page = author_client.post(
        "/post/resume", data=form_fields(page) | {"email": "author", "password": PASSWORD}
    )
    form = open_editor(author_client, log_in_again(author_client, form_fields(second_page)))
    assert form.items() >= TEXT.items()


@pytest.mark.usefixtures("limited")
def test_the_text_is_kept_above_the_limit_of_log_ins(author_client: Client) -> None:
    fields = open_editor(author_client)
    end_sessions()
    page = press(author_client, "publish", fields, **TEXT)
    for _ in range(6):
        page = author_client.post(
            "/post/resume", data=form_fields(page) | {"email": "author", "password": "a wrong one"}
        )
        assert form_fields(page).items() >= TEXT.items()
    assert page.status_code == 429
    assert 1 <= int(page.headers["Retry-After"]) <= 60
    assert re.search(r"again in \d+ seconds", message_at(page, "password"))


def test_an_edit_with_an_expired_session_continues_after_the_log_in(
    author_client: Client, author: User
) -> None:
    post = make_post(author, content="Before.")
    address = f"/post/{post.id}/update"
    fields = open_editor(author_client, address)
    end_sessions()
    page = press(author_client, "publish", fields, address, **TEXT)
    editor_url = log_in_again(author_client, form_fields(page))
    assert editor_url.startswith(f"{address}?draft=")
    assert db.session.scalars(select(Post.content)).all() == ["Before."]
    form = open_editor(author_client, editor_url)
    assert form.items() >= TEXT.items()
    assert (form["version"], form["key"]) == (fields["version"], fields["key"])
    assert press(author_client, "publish", form, address).location == f"/post/{post.id}"
    assert db.session.scalars(select(Post.title)).all() == [TEXT["title"]]
    assert db.session.scalars(select(Draft)).all() == []


def test_an_edit_with_an_expired_session_detects_conflicts_after_the_log_in(
    author_client: Client, author: User
) -> None:
    post = make_post(author, content="Before.")
    address = f"/post/{post.id}/update"
    fields = open_editor(author_client, address)
    press(
        author_client, "publish", open_editor(author_client, address), address, content="Meanwhile."
    )
    end_sessions()
    page = press(author_client, "publish", fields, address, **TEXT)
    form = open_editor(author_client, log_in_again(author_client, form_fields(page)))
    assert press(author_client, "publish", form, address).status_code == 409


def test_after_a_log_in_as_another_member_the_text_becomes_a_new_post(
    author_client: Client, author: User
) -> None:
    make_user("stranger")
    post = make_post(author, content="Before.")
    address = f"/post/{post.id}/update"
    fields = open_editor(author_client, address)
    end_sessions()
    page = press(author_client, "publish", fields, address, **TEXT)
    editor_url = log_in_again(author_client, form_fields(page), "stranger")
    assert editor_url.startswith("/post/new?draft=")
    assert (
        press(author_client, "publish", open_editor(author_client, editor_url)).status_code == 302
    )
    assert sorted(db.session.scalars(select(Post.content))) == sorted(["Before.", TEXT["content"]])


@BUTTONS
@pytest.mark.parametrize("token", ["", "old", None])
def test_an_invalid_csrf_token_reopens_the_editor_with_the_text(
    author_client: Client, author: User, button: str, token: str | None
) -> None:
    for address in ("/post/new", f"/post/{make_post(author).id}/update"):
        fields = open_editor(author_client, address) | TEXT
        del fields["csrf_token"]
        data = fields if token is None else fields | {"csrf_token": token}
        response = press(author_client, button, data, address)
        assert response.status_code == 400
        assert "alert" in announcements(response)
        form = form_fields(response)
        assert form.items() > fields.items()
        assert press(author_client, "preview", form, address).status_code == 200
    assert count_posts() == 1
    assert db.session.scalars(select(Draft)).all() == []


def test_submitting_twice_publishes_once(author_client: Client, author: User) -> None:
    fields = open_editor(author_client)
    locations = {press(author_client, "publish", fields, **TEXT).location for _ in range(3)}
    assert len(locations) == 1
    assert count_posts() == 1
    db.session.refresh(author)
    assert author.posts_count == 1


def test_saving_twice_is_one_edit(author_client: Client, author: User) -> None:
    post = make_post(author)
    address = f"/post/{post.id}/update"
    fields = open_editor(author_client, address)
    for _ in range(2):
        assert press(author_client, "publish", fields, address, **TEXT).status_code == 302
    db.session.refresh(post)
    assert post.version == 2


def test_two_members_may_use_the_same_key(app: Flask, author_client: Client) -> None:
    fields = open_editor(author_client)
    press(author_client, "publish", fields, **TEXT)
    stranger = browser(app)
    stranger.log_in(make_user("stranger"))
    press(stranger, "publish", open_editor(stranger) | {"key": fields["key"]}, **TEXT)
    assert count_posts() == 2


def test_other_text_from_a_published_form_becomes_a_draft_of_an_edit(
    author_client: Client,
) -> None:
    fields = open_editor(author_client)
    press(author_client, "publish", fields, **TEXT)
    post_id = db.session.scalars(select(Post.id)).one()
    for button in ("publish", "draft"):
        response = press(author_client, button, fields, title="Changed", content="later")
        assert response.location.startswith(f"/post/{post_id}/update?draft=")
        editor_page = author_client.get(response.location)
        assert "alert" in announcements(editor_page)
        assert form_fields(editor_page).items() >= {"title": "Changed", "content": "later"}.items()
    assert db.session.scalars(select(Post.title)).all() == [TEXT["title"]]
    press(author_client, "publish", form_fields(editor_page), f"/post/{post_id}/update")
    assert db.session.scalars(select(Post.title)).all() == ["Changed"]


def test_other_text_from_the_form_of_a_deleted_post_becomes_a_draft(
    author_client: Client,
) -> None:
    fields = open_editor(author_client)
    press(author_client, "publish", fields, **TEXT)
    db.session.scalars(select(Post)).one().delete()
    db.session.commit()
    assert press(author_client, "publish", fields, **TEXT).location == "/account/deleted"
    response = press(author_client, "publish", fields, title="Changed", content="later")
    form = open_editor(author_client, response.location)
    assert form.items() >= {"title": "Changed", "content": "later"}.items()
    assert press(author_client, "publish", form).status_code == 302
    assert db.session.scalars(Post.visible()).one().title == "Changed"


def test_an_edit_of_a_deleted_post_becomes_a_draft(author_client: Client, author: User) -> None:
    post = make_post(author)
    address = f"/post/{post.id}/update"
    fields = open_editor(author_client, address)
    post.delete()
    db.session.commit()
    response = press(author_client, "publish", fields, address, **TEXT)
    editor_page = author_client.get(response.location)
    assert announcements(editor_page) == ["alert"]
    assert form_fields(editor_page).items() >= TEXT.items()
    assert press(author_client, "publish", form_fields(editor_page)).status_code == 302
    assert count_posts() == 2


def test_an_edit_of_a_deleted_post_with_an_expired_token_keeps_the_text(
    author_client: Client, author: User
) -> None:
    post = make_post(author)
    address = f"/post/{post.id}/update"
    fields = open_editor(author_client, address) | {"csrf_token": "old"}
    post.deleted_at = now() - RESTORABLE
    db.session.commit()
    Post.delete_expired()
    db.session.commit()
    response = press(author_client, "publish", fields, address, **TEXT)
    assert response.status_code == 400
    assert form_fields(response).items() >= TEXT.items()


@pytest.mark.usefixtures("limited")
def test_above_the_limit_of_posts_the_text_is_saved_as_a_draft(author_client: Client) -> None:
    for number in range(30):
        response = press(
            author_client, "publish", open_editor(author_client), title=f"{number}", content="c"
        )
        assert response.status_code == 302
    fields = open_editor(author_client)
    rejected = press(author_client, "publish", fields, **TEXT)
    assert rejected.status_code == 429
    assert int(rejected.headers["Retry-After"]) > 0
    assert "saved as a draft" in rejected.text
    assert count_posts() == 30
    draft = db.session.scalars(select(Draft)).one()
    assert (draft.key, draft.content) == (fields["key"], TEXT["content"].rstrip())
    assert press(author_client, "preview", fields, **TEXT).status_code == 200
    assert press(author_client, "draft", fields, **TEXT).status_code == 302


def test_a_request_that_is_too_large_gets_an_error_page(author_client: Client) -> None:
    fields = open_editor(author_client)
    response = press(author_client, "publish", fields, title="T", content="c" * 2_200_000)
    assert response.status_code == 413
    assert is_own_page(response)
    too_long = press(author_client, "publish", fields, title="T", content="😀" * 130_000)
    assert too_long.status_code == 200, "text that is slightly too long is an error at its field"
    assert message_at(too_long, "content")
    assert len(form_fields(too_long)["content"]) == 130_000


def test_the_log_in_page_with_the_text_is_not_cached(client: Client) -> None:
    page = client.post("/post/new", data=TEXT)
    assert page.headers["Cache-Control"] == "no-store"
    assert form_fields(page).items() >= TEXT.items()
    assert read(page).select("main b") == []
