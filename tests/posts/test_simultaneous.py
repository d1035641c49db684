"""Two clicks, two tabs, two people at the same moment: one post, no lost words, no 500."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import sleep
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, func, select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from flaskblog.extensions import db
from flaskblog.models import Draft, Post, Revision, User
from tests.client import Client, browser, is_own_page, read
from tests.desk import autosave, opened, press, sheet, told
from tests.factories import make_post, make_user

AT_ONCE = 4
WORDS = {"title": "On engines", "content": "It weaves."}


@pytest.fixture
def tabs(app: Flask, writer_client: Client) -> list[Client]:
    """Browsers that share one session, as tabs do."""
    writer_client.get("/post/new")  # begins the session's form token, which all tabs share
    cookie = writer_client.get_cookie("session")
    assert cookie is not None
    clients = [browser(app) for _ in range(AT_ONCE)]
    for client in clients:
        client.set_cookie("session", cookie.value)
    return clients


def at_once(
    clients: list[Client], work: Callable[[Client, int], TestResponse]
) -> list[TestResponse]:
    start = Barrier(len(clients), timeout=10)

    def begin(number: int) -> TestResponse:
        start.wait()
        return work(clients[number], number)

    with ThreadPoolExecutor(len(clients)) as pool:
        return list(pool.map(begin, range(len(clients))))


def codes(answers: list[TestResponse]) -> list[int]:
    return sorted(answer.status_code for answer in answers)


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Do something as another request would, after this one has looked and before it writes."""

    def arrange(act: Callable[[], object]) -> None:
        flush, connection = Session.flush, Session.connection
        waiting = [act]

        def flush_late(session: Session) -> None:
            if waiting and (session.new or session.dirty):
                waiting.pop()()
            flush(session)

        def connection_late(session: Session, **given: Any) -> Connection:
            if waiting:
                waiting.pop()()
            return connection(session, **given)

        monkeypatch.setattr(Session, "flush", flush_late)
        monkeypatch.setattr(Session, "connection", connection_late)

    return arrange


def test_one_form_sent_at_once_makes_one_post(tabs: list[Client], writer: User) -> None:
    forms = [opened(tabs[0]) for _ in range(3)]
    while forms:
        answers = at_once(tabs, lambda tab, _: press(tab, "publish", forms[-1], **WORDS))
        assert codes(answers) == [302] * AT_ONCE
        assert len({answer.location for answer in answers}) == 1
        forms.pop()
    assert db.session.scalar(select(func.count(Post.id))) == 3
    db.session.refresh(writer)
    assert writer.posts_count == 3


def test_other_words_that_lost_the_race_are_laid_on_the_desk(
    app: Flask,
    writer_client: Client,
    writer: User,
    meanwhile: Callable[[Callable[[], object]], None],
) -> None:
    fields = opened(writer_client)
    writer_id = writer.id

    def publish_elsewhere() -> None:
        with app.app_context():
            author = db.session.get_one(User, writer_id)
            connection = db.session.connection()
            Post.publish(connection, author, "That tab", "words", fields["key"])
            db.session.commit()

    meanwhile(publish_elsewhere)
    answer = press(writer_client, "publish", fields, title="This tab", content="others")
    assert "/update?draft=" in answer.location
    assert opened(writer_client, answer.location)["title"] == "This tab"
    assert db.session.scalars(select(Post.title)).all() == ["That tab"]


def test_who_is_gone_at_the_moment_of_publishing_leaves_nothing(
    app: Flask,
    writer_client: Client,
    writer: User,
    meanwhile: Callable[[Callable[[], object]], None],
) -> None:
    fields = opened(writer_client)
    writer_id = writer.id

    def leave_elsewhere() -> None:
        with app.app_context():
            db.session.delete(db.session.get_one(User, writer_id))
            db.session.commit()

    meanwhile(leave_elsewhere)
    answer = press(writer_client, "publish", fields, **WORDS)
    assert answer.status_code == 404
    assert is_own_page(answer)
    assert db.session.scalars(select(Post)).all() == []


def test_drafts_saved_at_once_under_one_key_are_one(tabs: list[Client]) -> None:
    fields = opened(tabs[0])
    answers = at_once(tabs, lambda tab, number: autosave(tab, fields, title=f"{number}"))
    assert codes(answers) == [200] * AT_ONCE
    assert db.session.scalars(select(Draft.title)).one() in "0123"


def test_saves_at_once_leave_one_version_and_tell_all_others(
    tabs: list[Client], writer: User
) -> None:
    post = make_post(writer, content="First.")
    address = f"/post/{post.id}/update"
    fields = opened(tabs[0], address)
    answers = at_once(
        tabs, lambda tab, number: press(tab, "publish", fields, address, content=f"By {number}.")
    )
    assert codes(answers) == [302, *[409] * (AT_ONCE - 1)]
    db.session.refresh(post)
    assert post.version == 2
    for number, answer in enumerate(answers):
        if answer.status_code == 409:
            assert sheet(answer)["content"] == f"By {number}."
        else:
            assert post.content == f"By {number}."
    assert db.session.scalars(select(Revision.content)).all() == ["First."]


def test_the_same_words_saved_at_once_are_all_saved(tabs: list[Client], writer: User) -> None:
    address = f"/post/{make_post(writer).id}/update"
    fields = opened(tabs[0], address)
    answers = at_once(tabs, lambda tab, _: press(tab, "publish", fields, address, **WORDS))
    assert codes(answers) == [302] * AT_ONCE
    assert db.session.scalars(select(Post.version)).all() == [2]
    assert len(db.session.scalars(select(Revision)).all()) == 1


def test_the_second_to_save_sees_both_versions_and_chooses(
    tabs: list[Client], writer: User
) -> None:
    post = make_post(writer, title="Old title", content="One two three.")
    address = f"/post/{post.id}/update"
    first, second = (opened(tab, address) for tab in tabs[:2])
    press(tabs[0], "publish", first, address, title="New title", content="One 2 three.")
    conflict = press(tabs[1], "publish", second, address, content="One two drei.")
    assert conflict.status_code == 409
    page = read(conflict)
    assert "alert" in told(conflict)
    assert [tag.text for tag in page.select(".conflict del")]
    assert [tag.text for tag in page.select(".conflict ins")]
    assert "One 2 three." in [tag.text for tag in page.select(".conflict pre")]
    assert "New title" in page.select(".conflict")[0].text
    assert sheet(conflict)["content"] == "One two drei."
    assert db.session.scalars(select(Post.content)).all() == ["One 2 three."]

    chosen = sheet(conflict)
    assert press(tabs[1], "publish", chosen, address, content="One 2 drei.").status_code == 302
    db.session.refresh(post)
    assert (post.content, post.version) == ("One 2 drei.", 3)
    assert db.session.scalars(select(Revision.content).order_by(Revision.version)).all() == [
        "One two three.",
        "One 2 three.",
    ]


def test_a_preview_and_a_wrong_title_do_not_forget_which_version_was_seen(
    tabs: list[Client], writer: User
) -> None:
    address = f"/post/{make_post(writer).id}/update"
    seen = opened(tabs[1], address)
    press(tabs[0], "publish", opened(tabs[0], address), address, content="Meanwhile.")
    for button, title in (("preview", "T"), ("publish", ""), ("draft", "T")):
        answer = press(tabs[1], button, seen, address, title=title, content="Mine.")
        if answer.location:
            answer = tabs[1].get(answer.location)
        seen = sheet(answer)
    assert press(tabs[1], "publish", seen, address, title="T").status_code == 409


def test_a_post_deleted_at_the_moment_of_saving_leaves_its_words_as_a_draft(
    app: Flask,
    writer_client: Client,
    writer: User,
    meanwhile: Callable[[Callable[[], object]], None],
) -> None:
    post_id = make_post(writer).id
    address = f"/post/{post_id}/update"
    fields = opened(writer_client, address)

    def delete_elsewhere() -> None:
        with app.app_context():
            db.session.get_one(Post, post_id).delete()
            db.session.commit()

    meanwhile(delete_elsewhere)
    answer = press(writer_client, "publish", fields, address, **WORDS)
    assert answer.location.startswith("/post/new?draft=")
    assert opened(writer_client, answer.location).items() >= WORDS.items()


@pytest.mark.parametrize("deed", ["delete", "restore"])
def test_deleting_and_restoring_at_once_count_once(
    tabs: list[Client], writer: User, deed: str
) -> None:
    post = make_post(writer)
    make_post(writer)
    address = f"/post/{post.id}/{deed}"
    token = {"csrf_token": tabs[0].token("/post/new")}
    if deed == "restore":
        post.delete()
        db.session.commit()
    answers = at_once(tabs, lambda tab, _: tab.post(address, data=token))
    assert set(codes(answers)) <= {302, 404}
    assert 302 in codes(answers)
    db.session.refresh(writer)
    assert writer.posts_count == len(db.session.scalars(Post.living()).all())


def test_a_desk_stays_right_while_its_post_is_rendered_again(
    writer_client: Client, writer: User
) -> None:
    post = make_post(writer)
    address = f"/post/{post.id}/update"
    fields = opened(writer_client, address)
    db.session.execute(update(Post).values(renderer_version=0))
    db.session.commit()
    assert press(writer_client, "publish", fields, address, **WORDS).status_code == 302


def test_eight_writers_publish_25_posts_each_while_readers_page(app: Flask) -> None:
    writers, each = 8, 25
    clients = [browser(app) for _ in range(writers + 2)]
    for number, client in enumerate(clients[:writers]):
        client.log_in(make_user(f"writer{number}"))
    done: list[int] = []
    published: list[str] = []
    readings: list[tuple[list[str], list[str]]] = []

    def work(client: Client, number: int) -> TestResponse:
        if number >= writers:
            while len(done) < writers:
                readings.append((list(published), _titles(client, at_most=50)))
                sleep(0.1)
            return client.get("/")
        fields = opened(client)
        for time in range(each):
            key = f"{number:08}-{time:08}"
            answer = press(client, "publish", fields, key=key, title=key, content="words")
            assert answer.status_code == 302
            published.append(key)
        done.append(number)
        return answer

    at_once(clients, work)
    shown = _titles(clients[0], at_most=writers * each)
    assert len(shown) == writers * each
    assert set(shown) == {f"{n:08}-{time:08}" for n in range(writers) for time in range(each)}
    place = {title: number for number, title in enumerate(shown)}
    assert readings
    for there_before, reading in readings:
        # While others write, the rest moves down: some comes again, and nothing is left out.
        end = max(place[title] for title in reading) if reading else 0
        assert {title for title in there_before if place[title] <= end} <= set(reading)
    assert set(db.session.scalars(select(User.posts_count))) == {each}


def _titles(client: Client, at_most: int) -> list[str]:
    """Page by page, as a reader goes."""
    titles: list[str] = []
    address = "/"
    while address and len(titles) < at_most:
        answer = client.get(address)
        assert answer.status_code == 200
        page = read(answer)
        titles += [link.text for link in page.select("article h2 a")]
        onward = page.select_one('a[rel="next"]')
        address = str(onward["href"]) if onward else ""
    return titles
