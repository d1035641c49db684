"""Words are never lost: sessions and tokens that ended, second clicks, posts that are gone."""

import re

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from flaskblog.database import now
from flaskblog.extensions import db
from flaskblog.models import Draft, Post, Session, User
from flaskblog.models.post import KEPT_AFTER_DELETION
from tests.client import Client, browser, is_own_page, message_at, read
from tests.desk import opened, press, sheet, told
from tests.factories import PASSWORD, make_post, make_user

WORDS = {"title": "On <b>engines</b>", "content": '  One & "two".\n\n\n\tThree.'}
BUTTONS = pytest.mark.parametrize("button", ["publish", "preview", "draft"])


def posts() -> int:
    return db.session.scalar(select(func.count(Post.id))) or 0


def end_sessions() -> None:
    db.session.execute(delete(Session))
    db.session.commit()


def log_in_again(client: Client, page: dict[str, str], name: str = "writer") -> str:
    answer = client.post("/login", data=page | {"email": name, "password": PASSWORD})
    assert answer.status_code == 302
    return answer.location


@pytest.mark.parametrize(
    "wrong", [{"title": ""}, {"content": "\u200b\u2800"}, {"title": "t" * 101}]
)
def test_a_refused_post_keeps_its_words_and_its_key(
    writer_client: Client, wrong: dict[str, str]
) -> None:
    fields = opened(writer_client) | WORDS | wrong
    token = {("csrf_token", fields["csrf_token"])}
    for button in ("publish", "preview"):
        answer = press(writer_client, button, fields)
        assert answer.status_code == 200
        assert message_at(answer, next(iter(wrong)))
        assert sheet(answer).items() >= fields.items() - token
    assert press(writer_client, "publish", fields | WORDS).status_code == 302
    assert posts() == 1


@BUTTONS
def test_who_was_logged_out_goes_on_after_log_in_and_nothing_is_published_unasked(
    writer_client: Client, button: str
) -> None:
    fields = opened(writer_client)
    end_sessions()
    page = press(writer_client, button, fields, **WORDS)
    assert "Log in" in page.text
    assert told(page) == ["status"]
    wrong = writer_client.post(
        "/login", data=sheet(page) | {"email": "writer", "password": "a wrong one"}
    )
    assert message_at(wrong, "password")
    desk = log_in_again(writer_client, sheet(wrong))
    assert posts() == 0
    laid = opened(writer_client, desk)
    assert (laid["title"], laid["content"]) == (
        WORDS["title"],
        WORDS["content"],
    )
    assert laid["key"] == fields["key"]
    assert laid["csrf_token"] != fields["csrf_token"]
    for _ in range(2):
        answer = press(writer_client, "publish", laid)
        assert answer.location.startswith("/post/")
    assert posts() == 1
    assert db.session.scalars(select(Draft)).all() == []


def test_a_log_in_page_whose_own_token_ran_out_keeps_the_words_too(
    writer_client: Client,
) -> None:
    fields = opened(writer_client)
    end_sessions()
    page = sheet(press(writer_client, "publish", fields, **WORDS)) | {"csrf_token": "old"}
    again = writer_client.post("/login", data=page | {"email": "writer", "password": PASSWORD})
    assert again.status_code == 400
    assert "alert" in told(again)
    laid = opened(writer_client, log_in_again(writer_client, sheet(again)))
    assert laid.items() >= WORDS.items()


def test_who_logged_in_in_another_tab_still_brings_the_words(
    writer_client: Client, writer: User
) -> None:
    fields = opened(writer_client)
    end_sessions()
    page = press(writer_client, "publish", fields, **WORDS)
    writer_client.log_in(writer)
    again = writer_client.post(
        "/login", data=sheet(page) | {"email": "writer", "password": PASSWORD}
    )
    laid = opened(writer_client, log_in_again(writer_client, sheet(again)))
    assert laid.items() >= WORDS.items()


@pytest.mark.usefixtures("limited")
def test_who_tried_to_log_in_too_often_keeps_the_words(writer_client: Client) -> None:
    fields = opened(writer_client)
    end_sessions()
    page = press(writer_client, "publish", fields, **WORDS)
    for _ in range(6):
        page = writer_client.post(
            "/login", data=sheet(page) | {"email": "writer", "password": "a wrong one"}
        )
        assert sheet(page).items() >= WORDS.items()
    assert page.status_code == 429
    assert 1 <= int(page.headers["Retry-After"]) <= 60
    assert re.search(r"again in \d+ seconds", message_at(page, "password"))


def test_an_update_that_met_a_log_out_goes_on_at_its_post(
    writer_client: Client, writer: User
) -> None:
    post = make_post(writer, content="Before.")
    address = f"/post/{post.id}/update"
    fields = opened(writer_client, address)
    end_sessions()
    page = press(writer_client, "publish", fields, address, **WORDS)
    desk = log_in_again(writer_client, sheet(page))
    assert desk.startswith(f"{address}?draft=")
    assert db.session.scalars(select(Post.content)).all() == ["Before."]
    laid = opened(writer_client, desk)
    assert laid.items() >= WORDS.items()
    assert (laid["version"], laid["key"]) == (fields["version"], fields["key"])
    assert press(writer_client, "publish", laid, address).location == f"/post/{post.id}"
    assert db.session.scalars(select(Post.title)).all() == [WORDS["title"]]
    assert db.session.scalars(select(Draft)).all() == []


def test_an_update_that_met_a_log_out_and_another_tab_shows_both_versions(
    writer_client: Client, writer: User
) -> None:
    post = make_post(writer, content="Before.")
    address = f"/post/{post.id}/update"
    fields = opened(writer_client, address)
    press(writer_client, "publish", opened(writer_client, address), address, content="Meanwhile.")
    end_sessions()
    page = press(writer_client, "publish", fields, address, **WORDS)
    laid = opened(writer_client, log_in_again(writer_client, sheet(page)))
    assert press(writer_client, "publish", laid, address).status_code == 409


def test_who_logs_in_as_somebody_else_gets_the_words_as_a_new_post(
    writer_client: Client, writer: User
) -> None:
    make_user("stranger")
    post = make_post(writer, content="Before.")
    address = f"/post/{post.id}/update"
    fields = opened(writer_client, address)
    end_sessions()
    page = press(writer_client, "publish", fields, address, **WORDS)
    desk = log_in_again(writer_client, sheet(page), "stranger")
    assert desk.startswith("/post/new?draft=")
    assert press(writer_client, "publish", opened(writer_client, desk)).status_code == 302
    assert sorted(db.session.scalars(select(Post.content))) == sorted(["Before.", WORDS["content"]])


@BUTTONS
@pytest.mark.parametrize("token", ["", "old", None])
def test_a_token_that_no_longer_fits_leads_to_the_filled_desk(
    writer_client: Client, writer: User, button: str, token: str | None
) -> None:
    for address in ("/post/new", f"/post/{make_post(writer).id}/update"):
        fields = opened(writer_client, address) | WORDS
        del fields["csrf_token"]
        sent = fields if token is None else fields | {"csrf_token": token}
        answer = press(writer_client, button, sent, address)
        assert answer.status_code == 400
        assert "alert" in told(answer)
        laid = sheet(answer)
        assert laid.items() > fields.items()
        assert press(writer_client, "preview", laid, address).status_code == 200
    assert posts() == 1
    assert db.session.scalars(select(Draft)).all() == []


def test_a_second_click_makes_no_second_post(writer_client: Client, writer: User) -> None:
    fields = opened(writer_client)
    places = {press(writer_client, "publish", fields, **WORDS).location for _ in range(3)}
    assert len(places) == 1
    assert posts() == 1
    db.session.refresh(writer)
    assert writer.posts_count == 1


def test_a_second_click_on_save_makes_no_second_edit(writer_client: Client, writer: User) -> None:
    post = make_post(writer)
    address = f"/post/{post.id}/update"
    fields = opened(writer_client, address)
    for _ in range(2):
        assert press(writer_client, "publish", fields, address, **WORDS).status_code == 302
    db.session.refresh(post)
    assert post.version == 2


def test_two_people_may_have_one_key(app: Flask, writer_client: Client) -> None:
    fields = opened(writer_client)
    press(writer_client, "publish", fields, **WORDS)
    stranger = browser(app)
    stranger.log_in(make_user("stranger"))
    press(stranger, "publish", opened(stranger) | {"key": fields["key"]}, **WORDS)
    assert posts() == 2


def test_other_words_after_publishing_and_going_back_are_laid_on_the_desk_as_changes(
    writer_client: Client,
) -> None:
    fields = opened(writer_client)
    press(writer_client, "publish", fields, **WORDS)
    post_id = db.session.scalars(select(Post.id)).one()
    for button in ("publish", "draft"):
        answer = press(writer_client, button, fields, title="Changed", content="later")
        assert answer.location.startswith(f"/post/{post_id}/update?draft=")
        desk = writer_client.get(answer.location)
        assert "alert" in told(desk)
        assert sheet(desk).items() >= {"title": "Changed", "content": "later"}.items()
    assert db.session.scalars(select(Post.title)).all() == [WORDS["title"]]
    press(writer_client, "publish", sheet(desk), f"/post/{post_id}/update")
    assert db.session.scalars(select(Post.title)).all() == ["Changed"]


def test_other_words_for_a_post_published_and_deleted_become_a_draft(
    writer_client: Client,
) -> None:
    fields = opened(writer_client)
    press(writer_client, "publish", fields, **WORDS)
    db.session.scalars(select(Post)).one().delete()
    db.session.commit()
    assert press(writer_client, "publish", fields, **WORDS).location == "/account/deleted"
    answer = press(writer_client, "publish", fields, title="Changed", content="later")
    laid = opened(writer_client, answer.location)
    assert laid.items() >= {"title": "Changed", "content": "later"}.items()
    assert press(writer_client, "publish", laid).status_code == 302
    assert db.session.scalars(Post.living()).one().title == "Changed"


def test_a_post_that_was_deleted_meanwhile_leaves_its_words_as_a_draft(
    writer_client: Client, writer: User
) -> None:
    post = make_post(writer)
    address = f"/post/{post.id}/update"
    fields = opened(writer_client, address)
    post.delete()
    db.session.commit()
    answer = press(writer_client, "publish", fields, address, **WORDS)
    desk = writer_client.get(answer.location)
    assert told(desk) == ["alert"]
    assert sheet(desk).items() >= WORDS.items()
    assert press(writer_client, "publish", sheet(desk)).status_code == 302
    assert posts() == 2


def test_a_token_that_ran_out_over_a_deleted_post_keeps_the_words_too(
    writer_client: Client, writer: User
) -> None:
    post = make_post(writer)
    address = f"/post/{post.id}/update"
    fields = opened(writer_client, address) | {"csrf_token": "old"}
    post.deleted_at = now() - KEPT_AFTER_DELETION
    db.session.commit()
    db.session.execute(Post.forgotten())
    db.session.commit()
    answer = press(writer_client, "publish", fields, address, **WORDS)
    assert answer.status_code == 400
    assert sheet(answer).items() >= WORDS.items()


@pytest.mark.usefixtures("limited")
def test_who_publishes_too_often_finds_the_words_among_the_drafts(writer_client: Client) -> None:
    for number in range(30):
        answer = press(
            writer_client, "publish", opened(writer_client), title=f"{number}", content="c"
        )
        assert answer.status_code == 302
    fields = opened(writer_client)
    refused = press(writer_client, "publish", fields, **WORDS)
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert "among your drafts" in refused.text
    assert posts() == 30
    draft = db.session.scalars(select(Draft)).one()
    assert (draft.key, draft.content) == (fields["key"], WORDS["content"].rstrip())
    assert press(writer_client, "preview", fields, **WORDS).status_code == 200
    assert press(writer_client, "draft", fields, **WORDS).status_code == 302


def test_more_than_the_site_takes_is_told_by_a_page_of_its_own(writer_client: Client) -> None:
    fields = opened(writer_client)
    answer = press(writer_client, "publish", fields, title="T", content="c" * 2_200_000)
    assert answer.status_code == 413
    assert is_own_page(answer)
    longest = press(writer_client, "publish", fields, title="T", content="😀" * 130_000)
    assert longest.status_code == 200, "what is too long by little is told at its field"
    assert message_at(longest, "content")
    assert len(sheet(longest)["content"]) == 130_000


def test_the_words_of_a_visitor_are_in_no_page_but_their_own(client: Client) -> None:
    page = client.post("/post/new", data=WORDS)
    assert page.headers["Cache-Control"] == "no-store"
    assert sheet(page).items() >= WORDS.items()
    assert read(page).select("main b") == []
