"""Members share the text of a page, but not its per-reader fragments."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from time import time

import pytest
from flask import Flask, template_rendered
from sqlalchemy import text, update

from flaskblog.caching.fragments import MAX_BYTES, SharedPage, render_with_fragments
from flaskblog.caching.lru import BoundedCache
from flaskblog.database.base import now
from flaskblog.extensions import db
from flaskblog.models import User
from tests.conftest import make_app
from tests.support.client import Client, browser, read
from tests.support.factories import make_post, make_user

LONG_AGO = timedelta(days=400)
PAGES = ["/", "/home", "/?page=2", "/post/1", "/user/author"]


@pytest.fixture(autouse=True)
def pages(app: Flask, monkeypatch: pytest.MonkeyPatch) -> BoundedCache[SharedPage]:
    """The cache of shared pages, empty."""
    return _new_cache(app, monkeypatch, MAX_BYTES)


def _new_cache(
    app: Flask, monkeypatch: pytest.MonkeyPatch, max_bytes: int
) -> BoundedCache[SharedPage]:
    cache: BoundedCache[SharedPage] = BoundedCache(max_bytes)
    monkeypatch.setitem(app.extensions, "shared_pages", cache)
    return cache


@pytest.fixture
def rendered(app: Flask) -> Iterator[list[str]]:
    """The names of the templates that were rendered."""
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


def make_old_posts(author: User) -> None:
    """Seven posts, ids from 1, so old that no relative time changes during a test."""
    author.created_at = now() - LONG_AGO
    for number in range(1, 8):
        age = LONG_AGO + timedelta(days=number)
        make_post(author, "", "Some *words*.", now() - age).id = number
        db.session.commit()


def without_fragments(page: str) -> str:
    page = re.sub(r'<nav aria-label="Site">.*?</nav>', "", page, flags=re.DOTALL)
    page = re.sub(r"</a> · <a href=\"/register\">Sign up to write", "", page)
    return re.sub(r'<ul class="post-actions">.*?</ul>', "", page, flags=re.DOTALL)


@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_rendered_once_for_all_members(
    author: User, author_client: Client, stranger_client: Client, rendered: list[str], address: str
) -> None:
    make_old_posts(author)
    read_on = [client.get(address).text for client in (author_client, stranger_client) * 2]
    assert len(rendered) == 1
    assert "author</bdi></span></a></li>" in read_on[0]
    assert "stranger</bdi></span></a></li>" in read_on[1]


@pytest.mark.parametrize("address", PAGES)
def test_members_and_visitors_see_the_same_page_except_for_fragments(
    client: Client, author: User, author_client: Client, address: str
) -> None:
    make_old_posts(author)
    visitors = without_fragments(client.get(address).text)
    members = [without_fragments(author_client.get(address).text) for _ in range(2)]
    assert [page.split() for page in members] == [visitors.split()] * 2
    assert "csrf_token" not in members[0]


def test_a_new_post_is_on_the_next_page(author: User, author_client: Client) -> None:
    for title in ("First", "Second", "Third"):
        author_client.get("/")
        make_post(author, title=title)
        assert title in author_client.get("/").text


def test_a_commit_of_another_process_makes_a_page_stale(
    author: User, author_client: Client, database_url: str
) -> None:
    make_post(author)
    other = make_app(database_url)
    author_client.get("/")
    with other.app_context():
        db.session.execute(text("UPDATE post SET title = 'Changed elsewhere'"))
        db.session.commit()
    assert "Changed elsewhere" in author_client.get("/").text


def test_a_relative_time_is_never_outdated(
    author: User, author_client: Client, rendered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_post(author, created_at=now() - timedelta(minutes=2, seconds=30))
    for later in (0, 20, 31):
        moment = time() + later
        monkeypatch.setattr("flaskblog.caching.lru.time", lambda moment=moment: moment)
        assert "2 minutes ago" in author_client.get("/").text
    assert len(rendered) == 2


def test_each_reader_sees_the_actions_they_may_take(
    author: User, author_client: Client, stranger_client: Client, app: Flask
) -> None:
    make_old_posts(author)
    admin = make_user("keeper")
    admin.is_admin = True
    db.session.commit()
    admin_client = browser(app)
    admin_client.log_in(admin)
    readers = [admin_client, author_client, stranger_client]
    may = [["Delete"], ["Edit", "Delete"], []]
    for order in (range(3), reversed(range(3))):
        for reader in order:
            links = read(readers[reader].get("/post/1")).select(".post-actions a")
            assert [link.text for link in links] == may[reader]


def test_an_empty_profile_invites_only_its_owner_to_write(
    author_client: Client, stranger_client: Client
) -> None:
    empty = [(stranger_client, "No posts yet"), (author_client, "Write your first")]
    for client, message in empty * 2:
        assert message in client.get("/user/author").text


def test_a_flash_is_shown_once_and_only_to_its_reader(
    author: User, author_client: Client, stranger_client: Client
) -> None:
    make_post(author)
    author_client.get("/")
    author_client.submit("/account", username="author", email="author@example.org")
    assert not read(stranger_client.get("/")).select(".flash")
    assert read(author_client.get("/")).select(".flash")
    assert not read(author_client.get("/")).select(".flash")


def test_appearances_have_separate_entries(author: User, author_client: Client) -> None:
    make_post(author)
    for theme in ("light", "dark", "light"):
        author_client.set_cookie("appearance", f"{theme}-more")
        assert f'data-theme="{theme}"' in author_client.get("/").text


@pytest.fixture
def render_home_shared(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give the home page a template that was written without thinking of fragments."""

    def give(content: str) -> None:
        source = "{% extends 'base.html' %}{% from 'macros/forms.html' import post_button %}"
        careless = app.jinja_env.from_string(
            f"{source}{{% block content %}}{content}{{% endblock %}}"
        )

        def home() -> str:
            return render_with_fragments(careless, dict)

        monkeypatch.setitem(app.view_functions, "main.home", home)

    return give


def test_shared_text_cannot_depend_on_the_reader(
    author_client: Client, render_home_shared: Callable[[str], None]
) -> None:
    render_home_shared("<h1>{{ current_user.is_authenticated }} {{ session | length }}</h1>")
    for _ in range(2):
        page = author_client.get("/")
        assert read(page).select_one("h1").text == "False 0"  # type: ignore[union-attr]
        assert "author</bdi></span></a></li>" in page.text


def test_a_form_in_shared_text_is_an_error(
    author_client: Client,
    render_home_shared: Callable[[str], None],
    pages: BoundedCache[SharedPage],
) -> None:
    render_home_shared("{{ post_button('users.logout', 'Log out') }}")
    with pytest.raises(RuntimeError, match="session"):
        author_client.get("/")
    assert pages.size == 0


def test_a_name_changed_during_the_request_is_shown_in_its_new_form(
    app: Flask, author: User, author_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader is loaded before, and is also named on the page."""
    author.is_admin = True
    db.session.commit()
    data_version = app.extensions["data_version"]
    read = data_version.read

    def rename_first() -> object:
        monkeypatch.setattr(data_version, "read", read)
        with db.engine.begin() as connection:
            connection.execute(update(User).values(username="renamed"))
        return read()

    monkeypatch.setattr(data_version, "read", rename_first)
    assert "renamed</bdi></a>." in author_client.get("/about").text


@pytest.mark.parametrize("query", ["page=2&page=2", "x=1", "page=%32"])
def test_a_page_of_an_unknown_query_is_not_cached(
    author: User, author_client: Client, pages: BoundedCache[SharedPage], query: str
) -> None:
    make_old_posts(author)
    answers = [author_client.get(f"/?{query}").status_code for _ in range(2)]
    assert answers == [200, 200]
    assert pages.size == 0


def test_memory_is_bounded_for_a_member_who_reads_everything(
    author: User,
    author_client: Client,
    app: Flask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_old_posts(author)
    pages = _new_cache(app, monkeypatch, 120_000)
    for number in range(1, 8):
        for address in (f"/post/{number}", f"/post/{number}?page=2", "/"):
            author_client.get(address)
            assert pages.size <= 120_000
    assert 1 < len(pages) < 8


def test_one_large_page_does_not_evict_the_others(
    author: User,
    author_client: Client,
    app: Flask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    large = make_post(author, content="Word. " * 10_000)
    pages = _new_cache(app, monkeypatch, 400_000)
    for _ in range(2):
        author_client.get("/")
        assert author_client.get(f"/post/{large.id}").status_code == 200
        assert len(pages) == 1
