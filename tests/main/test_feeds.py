"""Atom feeds and their conditional requests."""

from datetime import timedelta
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from sqlalchemy import update
from werkzeug.test import TestResponse

from flaskblog.database.base import now
from flaskblog.extensions import db
from flaskblog.models import Post, User
from tests.support.client import Client, read
from tests.support.factories import make_post, make_user

ATOM = "{http://www.w3.org/2005/Atom}"
FEEDS = pytest.mark.parametrize("address", ["/feed.xml", "/user/author/feed.xml"])


def parse(response: TestResponse) -> Element:
    assert response.status_code == 200
    assert response.mimetype == "application/atom+xml"
    return ElementTree.fromstring(response.data)


def text_of(element: Element, name: str) -> str:
    found = element.find(f"{ATOM}{name}")
    assert found is not None, f"RFC 4287 requires {name}"
    return found.text or ""


@FEEDS
def test_a_feed_lists_the_newest_posts_with_the_elements_that_atom_requires(
    client: Client, author: User, address: str
) -> None:
    moment = now().replace(microsecond=0)
    for age in range(25):
        make_post(author, f"{age} hours old", created_at=moment - timedelta(hours=age))
    feed = parse(client.get(address))
    entries = feed.findall(f"{ATOM}entry")
    assert [text_of(entry, "title") for entry in entries] == [
        f"{age} hours old" for age in range(20)
    ]
    for image in ("icon", "logo"):
        address = text_of(feed, image)
        assert client.get(address).mimetype == "image/png"
        assert address.startswith("http://127.0.0.1:5000/")
    assert text_of(feed, "updated") == f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    ids = [text_of(element, "id") for element in [feed, *entries]]
    assert len(set(ids)) == 21
    assert all(feed_id.startswith("http://127.0.0.1:5000/") for feed_id in ids)
    for entry in entries:
        assert text_of(entry, "updated") == text_of(entry, "published")
        author_element = entry.find(f"{ATOM}author")
        assert author_element is not None
        assert text_of(author_element, "name") == "author"
        assert client.get(text_of(entry, "id")).status_code == 200


@FEEDS
def test_a_feed_is_valid_xml_whatever_a_post_contains(
    client: Client, author: User, address: str
) -> None:
    """Including characters that were stored before they were rejected."""
    post = make_post(author, "]]> & <b> é 🧵", "<script>alert(1)</script> & `a < b`")
    db.session.execute(
        update(Post).values(title="]]> & <b>\x0b\x1f\ufffe 🧵", content_html="<p>a\x08b\uffff</p>")
    )
    db.session.commit()
    entry = parse(client.get(address)).find(f"{ATOM}entry")
    assert entry is not None
    assert text_of(entry, "title") == "]]> & <b> 🧵"
    assert text_of(entry, "content") == "<p>ab</p>"
    assert text_of(entry, "id").endswith(f"/post/{post.id}")


@pytest.mark.usefixtures("author")
@FEEDS
def test_an_empty_feed_is_valid_and_does_not_change(client: Client, address: str) -> None:
    first = client.get(address)
    assert text_of(parse(first), "updated")
    assert client.get(address).data == first.data


@FEEDS
def test_an_unchanged_feed_is_not_sent_again(client: Client, author: User, address: str) -> None:
    make_post(author, created_at=now() - timedelta(days=2))
    first = client.get(address)
    conditions = [
        {"If-None-Match": first.headers["ETag"]},
        {"If-Modified-Since": first.headers["Last-Modified"]},
    ]
    assert [client.get(address, headers=headers).status_code for headers in conditions] == [
        304,
        304,
    ]
    make_post(author)
    assert [client.get(address, headers=headers).status_code for headers in conditions] == [
        200,
        200,
    ]


def test_the_feed_of_a_member_lists_only_their_posts(client: Client, author: User) -> None:
    make_post(author, "Mine")
    make_post(make_user("another"), "Another's")
    entries = parse(client.get("/user/AUTHOR/feed.xml")).findall(f"{ATOM}entry")
    assert [text_of(entry, "title") for entry in entries] == ["Mine"]
    assert client.get("/user/nobody/feed.xml").status_code == 404


def test_a_deleted_post_is_not_in_the_feed(client: Client, author: User) -> None:
    make_post(author).delete()
    db.session.commit()
    assert parse(client.get("/feed.xml")).findall(f"{ATOM}entry") == []


def test_the_feed_of_a_former_username_redirects(client: Client, author_client: Client) -> None:
    author_client.submit("/account", username="renamed")
    response = client.get("/user/author/feed.xml")
    assert (response.status_code, response.location) == (301, "/user/renamed/feed.xml")


@pytest.mark.usefixtures("author")
def test_pages_link_to_the_feeds(client: Client) -> None:
    def linked(address: str) -> list[str]:
        links = read(client.get(address)).select('link[type="application/atom+xml"]')
        return [str(link["href"]) for link in links]

    assert linked("/about") == ["/feed.xml"]
    assert linked("/user/author") == ["/feed.xml", "/user/author/feed.xml"]


def test_a_feed_has_the_description_of_the_site_or_the_bio_as_its_subtitle(
    client: Client, author: User
) -> None:
    author.bio = "Weaver & reader."
    db.session.commit()
    description = client.application.config["SITE_DESCRIPTION"]
    assert text_of(parse(client.get("/feed.xml")), "subtitle") == description
    assert text_of(parse(client.get("/user/author/feed.xml")), "subtitle") == "Weaver & reader."
