"""Members share what everybody sees of a page, and nothing that is somebody's own."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from time import time

import pytest
from flask import Flask, template_rendered
from sqlalchemy import text, update

from flaskblog.bounded_cache import BoundedCache
from flaskblog.database import now
from flaskblog.extensions import db
from flaskblog.models import User
from flaskblog.shared_page import MEMORY, SharedPage, render_shared
from tests.client import Client, browser, read
from tests.conftest import make_app
from tests.factories import make_post, make_user

LONG_AGO = timedelta(days=400)
PAGES = ["/", "/home", "/?page=2", "/post/1", "/user/writer"]


@pytest.fixture(autouse=True)
def pages(app: Flask, monkeypatch: pytest.MonkeyPatch) -> BoundedCache[SharedPage]:
    """What is kept, from nothing on."""
    kept: BoundedCache[SharedPage] = BoundedCache(MEMORY)
    monkeypatch.setitem(app.extensions, "shared_pages", kept)
    return kept


@pytest.fixture
def drawn(app: Flask) -> Iterator[list[str]]:
    """The templates that were drawn from their values."""
    names: list[str] = []

    def note(_sender: Flask, template: object, **_: object) -> None:
        names.append(getattr(template, "name", ""))

    with template_rendered.connected_to(note, app):
        yield names


@pytest.fixture
def stranger_client(app: Flask) -> Client:
    client = browser(app)
    client.log_in(make_user("stranger"))
    return client


def write_some(writer: User) -> None:
    """Posts from 1 on, so old that no word for their age changes during a test."""
    writer.created_at = now() - LONG_AGO
    for number in range(1, 8):
        age = LONG_AGO + timedelta(days=number)
        make_post(writer, "", "Some *words*.", now() - age).id = number
        db.session.commit()


def without_own_parts(page: str) -> str:
    page = re.sub(r'<nav aria-label="Site">.*?</nav>', "", page, flags=re.DOTALL)
    return re.sub(r'<ul class="post-actions">.*?</ul>', "", page, flags=re.DOTALL)


@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_drawn_once_for_all_members(
    writer: User, writer_client: Client, stranger_client: Client, drawn: list[str], address: str
) -> None:
    write_some(writer)
    read_on = [client.get(address).text for client in (writer_client, stranger_client) * 2]
    assert len(drawn) == 1
    assert "writer</bdi></a></li>" in read_on[0]
    assert "stranger</bdi></a></li>" in read_on[1]


@pytest.mark.parametrize("address", PAGES)
def test_but_for_their_own_parts_members_read_what_visitors_read(
    client: Client, writer: User, writer_client: Client, address: str
) -> None:
    write_some(writer)
    visitors = without_own_parts(client.get(address).text)
    members = [without_own_parts(writer_client.get(address).text) for _ in range(2)]
    assert [page.split() for page in members] == [visitors.split()] * 2
    assert "csrf_token" not in members[0]


def test_what_is_published_is_on_the_next_page(writer: User, writer_client: Client) -> None:
    for title in ("First", "Second", "Third"):
        writer_client.get("/")
        make_post(writer, title=title)
        assert title in writer_client.get("/").text


def test_any_process_makes_a_page_old(
    writer: User, writer_client: Client, database_url: str
) -> None:
    make_post(writer)
    other = make_app(database_url)
    writer_client.get("/")
    with other.app_context():
        db.session.execute(text("UPDATE post SET title = 'Changed elsewhere'"))
        db.session.commit()
    assert "Changed elsewhere" in writer_client.get("/").text


def test_how_long_ago_is_never_told_late(
    writer: User, writer_client: Client, drawn: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_post(writer, created_at=now() - timedelta(minutes=2, seconds=30))
    for later in (0, 20, 31):
        moment = time() + later
        monkeypatch.setattr("flaskblog.bounded_cache.time", lambda moment=moment: moment)
        assert "2 minutes ago" in writer_client.get("/").text
    assert len(drawn) == 2


def test_each_reader_sees_what_they_may_do(
    writer: User, writer_client: Client, stranger_client: Client, app: Flask
) -> None:
    write_some(writer)
    admin = make_user("keeper")
    admin.is_admin = True
    db.session.commit()
    admin_client = browser(app)
    admin_client.log_in(admin)
    readers = [admin_client, writer_client, stranger_client]
    may = [["Delete this post"], ["Change this post", "Delete this post"], []]
    for order in (range(3), reversed(range(3))):
        for reader in order:
            links = read(readers[reader].get("/post/1")).select(".post-actions a")
            assert [link.text for link in links] == may[reader]


def test_an_empty_page_asks_its_own_person_to_write(
    writer_client: Client, stranger_client: Client
) -> None:
    for client, words in [(stranger_client, "When there"), (writer_client, "Write your first")] * 2:
        assert words in client.get("/user/writer").text


def test_a_message_reaches_the_one_it_is_for_once(
    writer: User, writer_client: Client, stranger_client: Client
) -> None:
    make_post(writer)
    writer_client.get("/")
    writer_client.submit("/account", username="writer", email="writer@example.org")
    assert not read(stranger_client.get("/")).select(".flash")
    assert read(writer_client.get("/")).select(".flash")
    assert not read(writer_client.get("/")).select(".flash")


def test_appearances_do_not_share_a_page(writer: User, writer_client: Client) -> None:
    make_post(writer)
    for theme in ("light", "dark", "light"):
        writer_client.set_cookie("appearance", f"{theme}-more")
        assert f'data-theme="{theme}"' in writer_client.get("/").text


@pytest.fixture
def drawn_for_all(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give the front page a template that was written without thinking of holes."""

    def give(content: str) -> None:
        source = "{% extends 'base.html' %}{% from 'macros/forms.html' import post_button %}"
        careless = app.jinja_env.from_string(
            f"{source}{{% block content %}}{content}{{% endblock %}}"
        )

        def home() -> str:
            return render_shared(careless, dict)

        monkeypatch.setitem(app.view_functions, "main.home", home)

    return give


def test_what_is_drawn_for_all_cannot_ask_who_reads(
    writer_client: Client, drawn_for_all: Callable[[str], None]
) -> None:
    drawn_for_all("<h1>{{ current_user.is_authenticated }} {{ session | length }}</h1>")
    for _ in range(2):
        page = writer_client.get("/")
        assert read(page).select_one("h1").text == "False 0"  # type: ignore[union-attr]
        assert "writer</bdi></a></li>" in page.text


def test_a_form_that_is_drawn_for_all_is_an_error(
    writer_client: Client, drawn_for_all: Callable[[str], None], pages: BoundedCache[SharedPage]
) -> None:
    drawn_for_all("{{ post_button('users.logout', 'Log out') }}")
    with pytest.raises(RuntimeError, match="session"):
        writer_client.get("/")
    assert pages.size == 0


def test_a_name_changed_at_that_moment_is_told_anew(
    app: Flask, writer: User, writer_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader was loaded a moment ago, and is also told of on the page."""
    writer.is_admin = True
    db.session.commit()
    state = app.extensions["database_state"]
    look = state.read

    def rename_first() -> object:
        monkeypatch.setattr(state, "read", look)
        with db.engine.begin() as connection:
            connection.execute(update(User).values(username="renamed"))
        return look()

    monkeypatch.setattr(state, "read", rename_first)
    assert "renamed</bdi></a>." in writer_client.get("/about").text


@pytest.mark.parametrize("query", ["page=2&page=2", "x=1", "page=%32"])
def test_an_odd_address_is_drawn_and_not_kept(
    writer: User, writer_client: Client, pages: BoundedCache[SharedPage], query: str
) -> None:
    write_some(writer)
    answers = [writer_client.get(f"/?{query}").status_code for _ in range(2)]
    assert answers == [200, 200]
    assert pages.size == 0


def test_a_member_who_reads_everything_fills_no_memory(
    writer: User,
    writer_client: Client,
    pages: BoundedCache[SharedPage],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_some(writer)
    monkeypatch.setattr(pages, "memory", 120_000)
    for number in range(1, 8):
        for address in (f"/post/{number}", f"/post/{number}?page=2", "/"):
            writer_client.get(address)
            assert pages.size == sum(page.size for page in pages._kept.values()) <= 120_000
    assert 1 < len(pages._kept) < 8


def test_one_large_page_does_not_drive_out_the_others(
    writer: User,
    writer_client: Client,
    pages: BoundedCache[SharedPage],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    large = make_post(writer, content="Word. " * 10_000)
    monkeypatch.setattr(pages, "memory", 400_000)
    for _ in range(2):
        writer_client.get("/")
        assert writer_client.get(f"/post/{large.id}").status_code == 200
        assert len(pages._kept) == 1
