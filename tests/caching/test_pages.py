"""Visitors share cached responses, which are never stale and never hold another reader's page."""

import random
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from time import time
from typing import Any

import pytest
from flask import Flask, request, request_started, template_rendered
from sqlalchemy import text
from werkzeug.test import EnvironBuilder, run_wsgi_app

from flaskblog import templating
from flaskblog.caching.lru import BoundedCache
from flaskblog.caching.pages import MAX_BYTES, PageCache
from flaskblog.database.base import now
from flaskblog.extensions import db
from flaskblog.models import Session, User
from flaskblog.web.unhandled import UnhandledErrors
from tests.conftest import make_app
from tests.support.client import Client, browser, read
from tests.support.factories import make_post, make_user
from tests.support.uploads import JPEG, stored_picture, upload

LONG_AGO = timedelta(days=400)


@pytest.fixture(autouse=True)
def cache(app: Flask) -> PageCache:
    """The page cache, emptied."""
    assert isinstance(app.wsgi_app, UnhandledErrors)
    cache = app.wsgi_app.inner
    assert isinstance(cache, PageCache)
    cache.responses = BoundedCache(MAX_BYTES)
    return cache


@pytest.fixture
def rendered(app: Flask) -> Iterator[list[str]]:
    """The paths of requests that were passed on to Flask."""
    paths: list[str] = []

    def note(_sender: Flask, **_: object) -> None:
        paths.append(request.path)

    with request_started.connected_to(note, app):
        yield paths


@pytest.fixture
def old_post(author: User) -> int:
    return make_post(author, content="Some words. " * 60, created_at=now() - LONG_AGO).id


PAGES = ["/", "/post/{}", "/user/author", "/about", "/static/css/page.css"]


@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_rendered_once_for_all_visitors(
    app: Flask, rendered: list[str], author: User, old_post: int, address: str
) -> None:
    author.created_at = now() - LONG_AGO
    db.session.commit()
    answers = [browser(app).get(address.format(old_post)) for _ in range(3)]
    assert len(rendered) == 1
    assert len({answer.data for answer in answers}) == 1
    assert len({str(answer.headers) for answer in answers}) == 1


def test_who_logged_in_before_gets_the_page_of_all_visitors(
    rendered: list[str], client: Client, author: User
) -> None:
    client.log_in(author)
    client.submit("/logout")
    client.delete_cookie("session")
    assert client.get_cookie("known-browser") is not None
    rendered.clear()
    bodies = [client.get("/").text, browser(client.application).get("/").text]
    client.set_cookie("appearance", "dark-more")
    bodies += [client.get("/").text for _ in range(2)]
    assert rendered == ["/"] * 2
    assert bodies[0] == bodies[1] != bodies[2]
    assert bodies[2] == bodies[3]
    client.set_cookie("other", "1")
    client.get("/")
    assert rendered == ["/"] * 3


def test_a_new_post_is_on_the_next_page(client: Client, author: User) -> None:
    for title in ("First", "Second", "Third"):
        client.get("/")
        make_post(author, title=title)
        assert title in client.get("/").text


@pytest.mark.usefixtures("old_post")
def test_a_commit_of_another_process_makes_a_page_stale(client: Client, database_url: str) -> None:
    other = make_app(database_url)
    client.get("/")
    with other.app_context():
        db.session.execute(text("UPDATE post SET title = 'Changed elsewhere'"))
        db.session.commit()
    assert "Changed elsewhere" in client.get("/").text


@pytest.mark.usefixtures("author")
def test_a_commit_during_rendering_makes_the_page_stale(app: Flask) -> None:
    about = app.view_functions["main.about"]

    def committed_after() -> Any:
        made = about()
        make_user("late")
        return made

    app.view_functions["main.about"] = committed_after
    try:
        assert "1 member" in browser(app).get("/about").text
    finally:
        app.view_functions["main.about"] = about
    assert "2 members" in browser(app).get("/about").text


@pytest.mark.parametrize(
    ("age", "seconds"),
    [(0, 60), (5.25, 54.75), (60, 60), (119, 1), (3600, 3600), (7300, 3500), (86400 * 3.5, 43200)],
)
def test_a_page_expires_when_a_relative_time_changes(
    monkeypatch: pytest.MonkeyPatch, age: float, seconds: float
) -> None:
    moment = now()
    lifetimes: list[float] = []
    monkeypatch.setattr(templating, "now", lambda: moment)
    monkeypatch.setattr(templating, "expire_in", lifetimes.append)
    templating.relative_time(moment - timedelta(seconds=age))
    assert lifetimes == [pytest.approx(seconds)]


def test_a_relative_time_is_never_outdated(
    client: Client, rendered: list[str], author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_post(author, created_at=now() - timedelta(minutes=2, seconds=30))
    assert "2 minutes ago" in client.get("/").text
    for later in (20, 31):
        moment = time() + later
        monkeypatch.setattr("flaskblog.caching.lru.time", lambda moment=moment: moment)
        client.get("/")
    assert rendered == ["/", "/"]


@pytest.mark.parametrize("member", [False, True])
def test_a_page_does_not_inherit_the_expiry_of_the_one_made_before_it(
    app: Flask, author: User, old_post: int, member: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One thread makes both, as under a server."""
    client, new_post = browser(app), make_post(author)
    new_post.revise("T", "Edited a moment ago.")
    db.session.commit()
    if member:
        client.log_in(author)
    cookie = client.get_cookie("session")
    header = f"session={cookie.value}" if cookie else ""
    templates: list[str] = []

    def note(_sender: Flask, template: object, **_: object) -> None:
        templates.append(getattr(template, "name", ""))

    with template_rendered.connected_to(note, app):
        for post_id in (new_post.id, old_post):
            _get(app, f"/post/{post_id}", header)
        assert len(templates) == 2
        later = time() + 3600
        monkeypatch.setattr("flaskblog.caching.lru.time", lambda: later)
        _get(app, f"/post/{old_post}", header)
        assert len(templates) == 2
        _get(app, f"/post/{new_post.id}", header)
        assert len(templates) == 3


CONSTANT = ["/static/css/page.css", "/static/style.css", "/manifest.webmanifest",
            "/user/author/initials.svg"]  # fmt: skip


@pytest.fixture
def version_reads(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every round trip for the version of the data."""
    data_version, reads = app.extensions["data_version"], []
    read = data_version.read

    def note() -> object:
        reads.append(read())
        return reads[-1]

    monkeypatch.setattr(data_version, "read", note)
    return reads


@pytest.mark.parametrize("address", CONSTANT)
def test_files_are_served_without_a_round_trip_to_the_database(
    app: Flask,
    rendered: list[str],
    version_reads: list[object],
    statements: list[str],
    address: str,
) -> None:
    answers = [browser(app).get(address) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert len(rendered) == 1
    assert version_reads == statements == []
    browser(app).get("/about")
    assert len(version_reads) == 1


def test_a_cached_picture_is_served_without_a_round_trip_to_the_database(
    author_client: Client,
    app: Flask,
    author: User,
    media_folder: Path,
    rendered: list[str],
    version_reads: list[object],
    statements: list[str],
) -> None:
    upload(author_client, JPEG)
    path = f"/media/{stored_picture(author)}"
    for recorded in (rendered, version_reads, statements):
        recorded.clear()
    answers = [browser(app).get(path) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert rendered == [path]
    assert version_reads == statements == []
    (media_folder / path.removeprefix("/media/")).unlink()
    assert browser(app).get(path).status_code == 404


@pytest.mark.parametrize(
    "address",
    ["/login", "/register", "/livez", "/readyz", "/metrics", "/nothing", "/post/new",
     "/?page=x", "/?page=99", "/?x=1", "/?page=2&after=x", "/?page=2&page=2",
     "/?page=1;x", "/?page=%31", "/?PAGE=1"],
)  # fmt: skip
def test_forms_errors_and_unknown_queries_are_not_cached(
    app: Flask, cache: PageCache, rendered: list[str], address: str
) -> None:
    answers = [browser(app).get(address) for _ in range(2)]
    assert len(rendered) == 2
    assert cache.responses.size == 0
    assert answers[0].status == answers[1].status


@pytest.mark.parametrize(
    "headers",
    [{"Cookie": "session=x"}, {"Cookie": "appearance=x"},
     {"Cookie": "appearance=dark-more; session=x"},
     {"Authorization": "Bearer x"}, {"Range": "bytes=0-3"},
     {"Origin": "https://other.example"}, {"If-Modified-Since": "x"}],
)  # fmt: skip
def test_a_request_for_more_than_the_plain_page_is_passed_on_to_flask(
    app: Flask, rendered: list[str], headers: dict[str, str]
) -> None:
    client = app.test_client(use_cookies=False)
    client.get("/about")
    client.get("/about", headers=headers)
    assert rendered == ["/about", "/about"]


def test_hosts_and_appearances_have_separate_entries(app: Flask, rendered: list[str]) -> None:
    client = app.test_client(use_cookies=False)
    asked: list[dict[str, str]] = [
        {},
        {"Host": "127.0.0.1"},
        {"Cookie": "appearance=dark-more"},
        {"Cookie": "appearance=light-more"},
    ]
    for _ in range(2):
        for headers in asked:
            client.get("/about", headers=headers)
    assert len(rendered) == len(asked)
    assert client.get("/about", headers={"Host": "evil.example"}).status_code == 400


def test_a_crawler_evicts_no_popular_page_and_memory_is_bounded(
    app: Flask, cache: PageCache, rendered: list[str]
) -> None:
    cache.responses, client = BoundedCache(200_000), browser(app)
    for number in range(150):
        client.get(f"/user/author{number}/initials.svg")
        client.get("/about")
        assert cache.responses.size <= 200_000
    assert rendered.count("/about") == 1
    assert 10 < len(cache.responses) < 50
    assert MAX_BYTES <= 16 * 1024 * 1024


def test_a_broken_connection_is_opened_again(database_url: str) -> None:
    app = make_app(database_url)
    for name in ("first", "second"):
        before = browser(app).get("/about").text
        app.extensions["data_version"]._connection.dbapi_connection.close()
        make_user(name)
        assert browser(app).get("/about").text != before
        assert browser(app).get("/about").text != before


def test_a_flash_is_shown_only_to_its_reader(app: Flask, author: User) -> None:
    stranger, leaver = browser(app), browser(app)
    leaver.log_in(author)
    stranger.get("/")
    leaver.submit("/logout")
    assert read(leaver.get("/")).select(".flash")
    assert not read(stranger.get("/")).select(".flash")
    assert not read(leaver.get("/")).select(".flash")


def test_no_reader_gets_the_page_of_another(app: Flask, old_post: int) -> None:
    """Eight concurrent readers, five of them logged in, send ten thousand requests at random."""
    cookies, names = _readers(app)
    addresses = ["/about", "/about", "/about", "/", f"/post/{old_post}"]
    mixed: list[str] = []

    def read_on(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(1250):
            # Mostly visitors: they are the ones who get cached pages.
            reader = chance.choices(range(8), [1] * 5 + [9] * 3)[0]
            body, headers = _get(app, chance.choice(addresses), cookies[reader])
            found = {name for name in names if name and f"<bdi>{name}</bdi>" in body}
            if found != ({names[reader]} - {""}) or bool(names[reader]) != ("no-store" in headers):
                mixed.append(f"{names[reader]} got {found}")

    threads = [threading.Thread(target=read_on, args=[seed]) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert mixed == []


def _readers(app: Flask) -> tuple[list[str], list[str]]:
    """Return cookies and names of five members and three visitors; a visitor's name is empty."""
    cookies, names = [], []
    for number in range(5):
        user, client = make_user(f"member{number}"), browser(app)
        client.log_in(user)
        cookie = client.get_cookie("session")
        assert cookie is not None
        cookies.append(f"session={cookie.value}")
        names.append(user.username)
    assert len(db.session.scalars(db.select(Session)).all()) == 5
    return [*cookies, "", "appearance=dark-more", ""], [*names, "", "", ""]


def _get(app: Flask, address: str, cookie: str) -> tuple[str, str]:
    headers = {"Cookie": cookie} if cookie else {}
    with closing(EnvironBuilder(address, headers=headers.items())) as builder:
        body, status, answered = run_wsgi_app(app, builder.get_environ())
    text_ = b"".join(body).decode()
    assert status.startswith("200"), text_
    return text_, str(answered)
