"""The front page: newest first, in pages that never shuffle."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from flaskblog.database import now
from flaskblog.models import User
from tests.client import Client, browser, read
from tests.conftest import make_app
from tests.factories import make_post, make_user

LISTS = pytest.mark.parametrize("address", ["/", "/home", "/user/writer"])


def titles(page: BeautifulSoup) -> list[str]:
    return [link.text for link in page.select("article h2 a")]


def neighbour(page: BeautifulSoup, rel: str) -> str:
    link = page.select_one(f'a[rel="{rel}"]')
    return str(link["href"]) if link else ""


@LISTS
def test_posts_come_newest_first_whatever_their_number(
    client: Client, writer: User, address: str
) -> None:
    moment = now()
    for title, age in (("Old", 3), ("Newest", 1), ("Between", 2)):
        make_post(writer, title=title, created_at=moment - timedelta(hours=age))
    assert titles(read(client.get(address))) == ["Newest", "Between", "Old"]


@LISTS
def test_the_pages_hold_each_post_once_in_a_stable_order(
    client: Client, writer: User, address: str
) -> None:
    """All written at one moment, as an import does it."""
    moment = now()
    for number in range(12):
        make_post(writer, title=f"{number}", created_at=moment)
    read_there, places = [], [address]
    while places[-1]:
        page = read(client.get(places[-1]))
        assert len(titles(page)) <= 5
        read_there += titles(page)
        places.append(neighbour(page, "next"))
    assert read_there == [f"{number}" for number in reversed(range(12))]
    assert len(places) == 4

    back = places[-2]
    while back:
        page = read(client.get(back))
        assert titles(page) == read_there[-len(titles(page)) :]
        read_there = read_there[: -len(titles(page))]
        back = neighbour(page, "prev")
    assert read_there == []


@LISTS
@pytest.mark.parametrize(("posts", "has_next"), [(0, False), (5, False), (6, True)])
def test_only_a_page_that_is_there_is_offered(
    client: Client, writer: User, address: str, posts: int, has_next: bool
) -> None:
    for _ in range(posts):
        make_post(writer)
    page = read(client.get(address))
    assert bool(neighbour(page, "next")) == has_next
    assert not neighbour(page, "prev")


def test_the_number_of_posts_on_a_page_is_a_setting(database_url: str, writer: User) -> None:
    for _ in range(3):
        make_post(writer)
    client = browser(make_app(database_url, POSTS_PER_PAGE="2"))
    assert len(titles(read(client.get("/")))) == 2
    assert len(titles(read(client.get("/?page=2&per_page=100")))) == 1


def test_a_post_in_the_list_names_its_author_and_time(client: Client, writer: User) -> None:
    post = make_post(writer, title="On engines")
    article = read(client.get("/")).select_one("article")
    assert article is not None
    assert article.select_one(f'h2 a[href="/post/{post.id}"]') is not None
    assert article.select_one('a[rel="author"][href="/user/writer"]') is not None
    time = article.select_one("time")
    assert time is not None
    assert time["datetime"] == f"{post.created_at:%Y-%m-%dT%H:%M:%SZ}"


def test_an_empty_site_says_what_to_do_next(client: Client) -> None:
    links = [link["href"] for link in read(client.get("/")).select("main a")]
    assert links == ["/post/new"]


def test_an_empty_page_of_a_person_says_what_to_do_next(
    app: Flask, writer: User, writer_client: Client
) -> None:
    make_user("reader")
    for reader, name, onward in (
        (writer_client, writer.username, "/post/new"),
        (writer_client, "reader", "/"),
        (browser(app), "reader", "/"),
    ):
        page = read(reader.get(f"/user/{name}"))
        assert [link["href"] for link in page.select("main a")] == [onward]


def test_a_persons_page_holds_their_posts_alone(client: Client, writer: User) -> None:
    make_post(writer, title="Mine")
    make_post(make_user("another"), title="Another's")
    assert titles(read(client.get("/user/writer"))) == ["Mine"]


@pytest.mark.parametrize(("posts", "told"), [(0, "No posts,"), (1, "1 post,"), (2, "2 posts,")])
def test_the_number_of_posts_agrees_with_its_noun(
    client: Client, writer: User, posts: int, told: str
) -> None:
    for _ in range(posts):
        make_post(writer)
    summary = read(client.get("/user/writer")).select_one("h1 + p")
    assert summary is not None
    assert summary.text.startswith(told)


def test_about_counts_people_and_posts(client: Client, writer: User) -> None:
    assert "1 person here, and no posts" in client.get("/about").text
    make_post(writer)
    make_user("another")
    assert "2 people here, and 1 post." in client.get("/about").text


def test_the_process_says_that_it_lives(client: Client) -> None:
    assert client.get("/livez").json == {"status": "ok"}
