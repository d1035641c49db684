"""Readers without a session share kept pages; nobody gets an old one, or somebody else's."""

import random
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from time import time
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import EnvironBuilder, run_wsgi_app

from flaskblog import templating
from flaskblog.bounded_cache import BoundedCache
from flaskblog.database import now
from flaskblog.extensions import db
from flaskblog.models import Session, User
from flaskblog.page_cache import MEMORY, PageCache
from tests.client import Client, browser, read
from tests.conftest import make_app
from tests.factories import make_post, make_user

LONG_AGO = timedelta(days=400)


@pytest.fixture
def rendered(app: Flask) -> Iterator[list[str]]:
    """The addresses that went on to Flask."""
    cache = app.wsgi_app
    assert isinstance(cache, PageCache)
    inner, seen = cache._inner, []

    def note(environ: Any, start_response: Any) -> Any:
        seen.append(environ["PATH_INFO"])
        return inner(environ, start_response)

    cache.pages = BoundedCache(MEMORY)
    cache._inner = note
    yield seen
    cache._inner = inner


@pytest.fixture
def old_post(writer: User) -> int:
    return make_post(writer, content="Some words. " * 60, created_at=now() - LONG_AGO).id


PAGES = ["/", "/post/{}", "/user/writer", "/about", "/static/css/page.css"]


@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_made_once_for_all_readers(
    app: Flask, rendered: list[str], writer: User, old_post: int, address: str
) -> None:
    writer.created_at = now() - LONG_AGO
    db.session.commit()
    answers = [browser(app).get(address.format(old_post)) for _ in range(3)]
    assert len(rendered) == 1
    assert len({answer.data for answer in answers}) == 1
    assert len({str(answer.headers) for answer in answers}) == 1


def test_what_is_published_is_on_the_next_page(client: Client, writer: User) -> None:
    for title in ("First", "Second", "Third"):
        client.get("/")
        make_post(writer, title=title)
        assert title in client.get("/").text


@pytest.mark.usefixtures("old_post")
def test_any_process_makes_a_page_old(client: Client, database_url: str) -> None:
    other = make_app(database_url)
    client.get("/")
    with other.app_context():
        db.session.execute(text("UPDATE post SET title = 'Changed elsewhere'"))
        db.session.commit()
    assert "Changed elsewhere" in client.get("/").text


@pytest.mark.usefixtures("writer")
def test_a_commit_while_a_page_is_made_makes_it_old(app: Flask) -> None:
    about = app.view_functions["main.about"]

    def committed_after() -> Any:
        made = about()
        make_user("late")
        return made

    app.view_functions["main.about"] = committed_after
    try:
        assert "1 person" in browser(app).get("/about").text
    finally:
        app.view_functions["main.about"] = about
    assert "2 people" in browser(app).get("/about").text


@pytest.mark.parametrize(
    ("age", "seconds"),
    [(0, 1), (5.25, 0.75), (60, 60), (119, 1), (3600, 3600), (7300, 3500), (86400 * 3.5, 43200)],
)
def test_a_page_holds_until_the_words_for_an_age_change(
    monkeypatch: pytest.MonkeyPatch, age: float, seconds: float
) -> None:
    moment = now()
    held: list[float] = []
    monkeypatch.setattr(templating, "now", lambda: moment)
    monkeypatch.setattr(templating, "expire_in", held.append)
    templating.ago(moment - timedelta(seconds=age))
    assert held == [pytest.approx(seconds)]


def test_how_long_ago_is_never_told_late(
    client: Client, rendered: list[str], writer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_post(writer, created_at=now() - timedelta(minutes=2, seconds=30))
    assert "2 minutes ago" in client.get("/").text
    for later in (20, 31):
        moment = time() + later
        monkeypatch.setattr("flaskblog.bounded_cache.time", lambda moment=moment: moment)
        client.get("/")
    assert rendered == ["/", "/"]


@pytest.mark.parametrize("member", [False, True])
def test_a_page_holds_no_shorter_for_the_one_made_before_it(
    app: Flask, rendered: list[str], writer: User, old_post: int, member: bool
) -> None:
    """One thread makes both, as under a server."""
    client, young = browser(app), make_post(writer).id
    if member:
        client.log_in(writer)
    cookie = client.get_cookie("session")
    for post_id in (young, old_post):
        _get(app, f"/post/{post_id}", f"session={cookie.value}" if cookie else "")
    assert f"/post/{young}" in rendered
    assert isinstance(app.wsgi_app, PageCache)
    kept = app.extensions["shared_pages"] if member else app.wsgi_app.pages
    *_, made_last = kept._kept.values()
    assert made_last.expires_at > time() + 3600


@pytest.mark.parametrize(
    "address",
    ["/login", "/register", "/livez", "/readyz", "/metrics", "/nothing", "/post/new",
     "/?page=x", "/?page=99", "/?x=1", "/?page=2&after=x", "/?page=2&page=2",
     "/?page=1;x", "/?page=%31", "/?PAGE=1"],
)  # fmt: skip
def test_what_holds_a_token_an_error_or_an_odd_address_is_not_kept(
    app: Flask, rendered: list[str], address: str
) -> None:
    before = app.wsgi_app.pages.size  # type: ignore[attr-defined]
    answers = [browser(app).get(address) for _ in range(2)]
    assert len(rendered) == 2
    assert app.wsgi_app.pages.size == before  # type: ignore[attr-defined]
    assert answers[0].status == answers[1].status


@pytest.mark.parametrize(
    "headers",
    [{"Cookie": "session=x"}, {"Cookie": "appearance=x"},
     {"Cookie": "appearance=dark-more; session=x"},
     {"Authorization": "Bearer x"}, {"Range": "bytes=0-3"},
     {"Origin": "https://other.example"}, {"If-Modified-Since": "x"}],
)  # fmt: skip
def test_a_request_that_asks_for_more_than_the_page_goes_to_flask(
    app: Flask, rendered: list[str], headers: dict[str, str]
) -> None:
    client = app.test_client(use_cookies=False)
    client.get("/about")
    client.get("/about", headers=headers)
    assert rendered == ["/about", "/about"]


def test_hosts_and_appearances_do_not_share_a_page(app: Flask, rendered: list[str]) -> None:
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


def test_a_crawler_fills_no_memory_and_leaves_the_busy_pages(
    app: Flask, rendered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(app.wsgi_app, PageCache)
    pages, client = app.wsgi_app.pages, browser(app)
    monkeypatch.setattr(pages, "memory", 200_000)
    for number in range(150):
        client.get(f"/user/writer{number}/initials.svg")
        client.get("/about")
        assert pages.size == sum(page.size for page in pages._kept.values()) <= 200_000
    assert rendered.count("/about") == 1
    assert len(pages._kept) < 50
    assert MEMORY <= 16 * 1024 * 1024


def test_a_connection_that_broke_is_opened_anew(database_url: str) -> None:
    app = make_app(database_url)
    cache = app.wsgi_app
    assert isinstance(cache, PageCache)
    for name in ("first", "second"):
        before = browser(app).get("/about").text
        cache._state._connection.dbapi_connection.close()
        make_user(name)
        assert browser(app).get("/about").text != before
        assert browser(app).get("/about").text != before


def test_a_flash_reaches_the_one_it_is_for(app: Flask, writer: User) -> None:
    stranger, leaver = browser(app), browser(app)
    leaver.log_in(writer)
    stranger.get("/")
    leaver.submit("/logout")
    assert read(leaver.get("/")).select(".flash")
    assert not read(stranger.get("/")).select(".flash")
    assert not read(leaver.get("/")).select(".flash")


def test_nobody_gets_a_page_of_somebody_else(app: Flask, old_post: int) -> None:
    """Eight readers at once, five of them logged in, ten thousand requests in no order."""
    cookies, names = _readers(app)
    addresses = ["/about", "/about", "/about", "/", f"/post/{old_post}"]
    mixed: list[str] = []

    def read_on(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(1250):
            # Visitors ask most: they are whom a kept page could reach.
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
    """Cookies and names of eight; who is no member has neither, or a cookie that says nothing."""
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
