"""Reading posts: author, times, neighbours, excerpts and pages."""

from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup

from flaskblog import templating
from flaskblog.database.base import now
from flaskblog.models import User
from tests.support.client import Client, read
from tests.support.factories import make_post, make_user


def neighbours(page: BeautifulSoup) -> dict[str, str]:
    return {str(link["rel"][0]): link.text for link in page.select("nav.neighbours a")}


def test_a_post_is_shown_with_author_picture_and_time(client: Client, author: User) -> None:
    created_at = now() - timedelta(hours=3, minutes=1)
    post = make_post(author, title="T", content="*Words.*", created_at=created_at)
    date = f"{created_at.day} {created_at:%B %Y}"
    for address, shown in ((f"/post/{post.id}", date), ("/", "3 hours ago")):
        article = read(client.get(address)).select_one("article")
        assert article is not None
        assert article.select_one('a[rel="author"][href="/user/author"]') is not None
        picture = article.select_one("img.picture")
        assert picture is not None
        assert client.get(str(picture["src"])).status_code == 200
        time = article.select_one("time")
        assert time is not None
        assert time["datetime"] == f"{created_at:%Y-%m-%dT%H:%M:%SZ}"
        assert shown in time.text
        assert "1 min" in article.text


def test_a_profile_shows_its_member_once_and_the_time_of_each_post(
    client: Client, author: User
) -> None:
    make_post(author, created_at=now() - timedelta(hours=3, minutes=1))
    article = read(client.get("/user/author")).select_one("article")
    assert article is not None
    assert "3 hours ago" in article.text
    assert article.select("img, a[rel=author]") == []


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (timedelta(seconds=-1), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "a minute ago"),
        (timedelta(hours=23), "23 hours ago"),
        (timedelta(days=1), "a day ago"),
        (timedelta(days=45), "a month ago"),
        (timedelta(days=400), "1 year, 1 month ago"),
    ],
    ids=str,
)
def test_ages_of_posts(monkeypatch: pytest.MonkeyPatch, age: timedelta, text: str) -> None:
    moment = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # skipped by daylight saving time in Europe
    monkeypatch.setattr(templating, "now", lambda: moment)
    assert templating.relative_time(moment - age) == text


def test_neighbours_are_posts_of_the_same_author_by_time_and_id(
    client: Client, author: User
) -> None:
    moment = now()
    other = make_user("another")
    first = make_post(author, title="1", created_at=moment - timedelta(days=1))
    tied = [make_post(author, title=f"{n}", created_at=moment) for n in (2, 3, 4)]
    make_post(other, title="Another's", created_at=moment)
    make_post(author, title="0", created_at=moment - timedelta(days=2))
    shown = [neighbours(read(client.get(f"/post/{post.id}"))) for post in (first, *tied)]
    assert shown == [
        {"next": "2", "prev": "0"},
        {"next": "3", "prev": "1"},
        {"next": "4", "prev": "2"},
        {"prev": "3"},
    ]


def test_the_only_post_of_an_author_has_no_neighbours(client: Client, author: User) -> None:
    make_post(make_user("another"))
    post = make_post(author)
    assert read(client.get(f"/post/{post.id}")).select("nav.neighbours") == []


@pytest.mark.parametrize("address", ["/", "/user/author"])
def test_an_excerpt_ends_at_a_word_and_has_no_markup(
    client: Client, author: User, address: str
) -> None:
    make_post(author, content="**One** `two` <b>\n\n" + "[alpha](/a) *beta* " * 60)
    excerpt = read(client.get(address)).select_one("article .excerpt")
    assert excerpt is not None
    assert excerpt.select("*") == []
    assert excerpt.text.startswith("One two <b> alpha beta")
    assert excerpt.text[:-1].split()[-1] in {"alpha", "beta"}
    assert excerpt.text[-1] == "…"
    assert len(excerpt.text) <= 280


def test_headings_in_a_post_are_below_its_title(client: Client, author: User) -> None:
    post = make_post(author, title="T", content="# One\n\n## Two\n\n###### Six")
    page = read(client.get(f"/post/{post.id}"))
    assert [tag.name for tag in page.select("main h1, .prose h2, .prose h3, .prose h4")] == [
        "h1",
        "h2",
        "h3",
        "h4",
    ]


def test_pages_beyond_the_last_one_are_a_404(client: Client, author: User) -> None:
    for _ in range(11):
        make_post(author)
    for address in ("/", "/home", "/user/author"):
        last = read(client.get(f"{address}?page=3"))
        assert len(last.select("article")) == 1
        assert "Page 3 of 3" in last.text
        for page in ("4", "0", "-1", "x", "", "1.5", "9" * 9, "9" * 30, "\u0661"):
            assert client.get(f"{address}?page={page}").status_code == 404
