"""The front page and profiles list posts newest first; the page about the site."""

from datetime import timedelta
from io import BytesIO

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from PIL import Image

from flaskblog.database.base import now
from flaskblog.extensions import db
from flaskblog.models import Draft, User
from tests.conftest import make_app
from tests.support.client import Client, browser, read
from tests.support.factories import make_post, make_user

LISTS = pytest.mark.parametrize("address", ["/", "/home", "/user/author"])


def titles(page: BeautifulSoup) -> list[str]:
    return [a.text for a in page.select("article h2 a")]


def link(page: BeautifulSoup, rel: str) -> str:
    a = page.select_one(f'a[rel="{rel}"]')
    return str(a["href"]) if a else ""


@LISTS
def test_posts_are_listed_newest_first(client: Client, author: User, address: str) -> None:
    moment = now()
    for title, age in (("Old", 3), ("Newest", 1), ("Between", 2)):
        make_post(author, title=title, created_at=moment - timedelta(hours=age))
    assert titles(read(client.get(address))) == ["Newest", "Between", "Old"]


@LISTS
def test_the_pages_list_each_post_once_in_a_stable_order(
    client: Client, author: User, address: str
) -> None:
    """All created at the same time, as by an import."""
    moment = now()
    for number in range(12):
        make_post(author, title=f"{number}", created_at=moment)
    read_titles, addresses = [], [address]
    while addresses[-1]:
        page = read(client.get(addresses[-1]))
        assert len(titles(page)) <= 5
        read_titles += titles(page)
        addresses.append(link(page, "next"))
    assert read_titles == [f"{number}" for number in reversed(range(12))]
    assert len(addresses) == 4

    address = addresses[-2]
    while address:
        page = read(client.get(address))
        assert titles(page) == read_titles[-len(titles(page)) :]
        read_titles = read_titles[: -len(titles(page))]
        address = link(page, "prev")
    assert read_titles == []


@LISTS
@pytest.mark.parametrize(("posts", "has_next"), [(0, False), (5, False), (6, True)])
def test_only_existing_pages_are_linked(
    client: Client, author: User, address: str, posts: int, has_next: bool
) -> None:
    for _ in range(posts):
        make_post(author)
    page = read(client.get(address))
    assert bool(link(page, "next")) == has_next
    assert not link(page, "prev")


def test_the_page_size_is_a_setting(database_url: str, author: User) -> None:
    for _ in range(3):
        make_post(author)
    client = browser(make_app(database_url, POSTS_PER_PAGE="2"))
    assert len(titles(read(client.get("/")))) == 2
    assert len(titles(read(client.get("/?page=2&per_page=100")))) == 1


def test_a_post_in_the_list_shows_its_author_and_time(client: Client, author: User) -> None:
    post = make_post(author, title="On engines")
    article = read(client.get("/")).select_one("article")
    assert article is not None
    assert article.select_one(f'h2 a[href="/post/{post.id}"]') is not None
    assert article.select_one('a[rel="author"][href="/user/author"]') is not None
    time = article.select_one("time")
    assert time is not None
    assert time["datetime"] == f"{post.created_at:%Y-%m-%dT%H:%M:%SZ}"


def test_the_time_of_a_post_is_its_permalink_with_the_reading_time_beside_it(
    client: Client, author: User
) -> None:
    post = make_post(author, content="Words. " * 1000)
    article = read(client.get("/")).select_one("article")
    assert article is not None
    assert article.select_one(f'a[href="/post/{post.id}"] > time') is not None
    assert "· 4 min" in article.text


def test_the_front_page_tells_what_the_site_is_and_what_visitors_can_do(
    database_url: str, author: User
) -> None:
    make_post(author)
    app = make_app(database_url, SITE_DESCRIPTION="Looms & <engines>.")
    member = browser(app)
    member.log_in(author)
    closed = browser(make_app(database_url, REGISTRATION_OPEN="false"))
    visitors = read(browser(app).get("/"))
    assert "Looms & <engines>." in visitors.text
    assert "1 member · 1 post ·" in visitors.text
    for reader, invited in ((browser(app), True), (member, False), (closed, False)):
        links = {a["href"] for a in read(reader.get("/")).select("main p a")}
        assert {"/about", "/feed.xml"} <= links
        assert ("/register" in links) == invited


def test_the_menu_leads_to_the_pages_of_a_member(author: User, author_client: Client) -> None:
    db.session.add(Draft(author_id=author.id, key="k", title="", content="Words."))
    db.session.commit()
    page = read(author_client.get("/menu"))
    links = {str(a["href"]): a.text for a in page.select("main a")}
    assert set(links) == {"/user/author", "/drafts", "/account", "/appearance"}
    assert links["/drafts"] == "Drafts (1)"
    assert [form["action"] for form in page.select('main form[method="post"]')] == ["/logout"]


def test_the_menu_is_for_members(client: Client) -> None:
    assert client.get("/menu").location.startswith("/login?next=")


def test_the_favicon_is_an_image(client: Client) -> None:
    answer = client.get("/favicon.ico")
    assert Image.open(BytesIO(answer.data)).format == "ICO"


def test_the_front_page_of_an_empty_site_links_to_the_editor(client: Client) -> None:
    links = [a["href"] for a in read(client.get("/")).select("main a")]
    assert links == ["/post/new"]


def test_a_profile_without_posts_links_to_the_next_step(
    app: Flask, author: User, author_client: Client
) -> None:
    make_user("reader")
    for reader, name, link in (
        (author_client, author.username, "/post/new"),
        (author_client, "reader", "/"),
        (browser(app), "reader", "/"),
    ):
        page = read(reader.get(f"/user/{name}"))
        feed = f"/user/{name}/feed.xml"
        assert [a["href"] for a in page.select("main a")] == [feed, link]


def test_a_profile_lists_only_the_posts_of_its_member(client: Client, author: User) -> None:
    make_post(author, title="Mine")
    make_post(make_user("another"), title="Another's")
    assert titles(read(client.get("/user/author"))) == ["Mine"]


@pytest.mark.parametrize(
    ("posts", "summary_start"), [(0, "No posts,"), (1, "1 post,"), (2, "2 posts,")]
)
def test_the_number_of_posts_is_pluralized(
    client: Client, author: User, posts: int, summary_start: str
) -> None:
    for _ in range(posts):
        make_post(author)
    summary = read(client.get("/user/author")).select_one("h1 + p")
    assert summary is not None
    assert summary.text.startswith(summary_start)


def test_about_counts_members_and_posts(client: Client, author: User) -> None:
    assert "1 member and no posts" in client.get("/about").text
    make_post(author)
    make_user("another")
    assert "2 members and 1 post." in client.get("/about").text


def test_livez_reports_that_the_process_runs(client: Client) -> None:
    assert client.get("/livez").json == {"status": "ok"}


@pytest.mark.usefixtures("author")
def test_the_about_page_lists_the_admins(client: Client) -> None:
    make_user("another")
    assert 'href="/user/author"' in client.get("/about").text
    assert "another" not in client.get("/about").text
