"""The feeds: valid Atom whatever people write, and sent only to who has not read it."""

from datetime import timedelta
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from sqlalchemy import update
from werkzeug.test import TestResponse

from flaskblog.database import now
from flaskblog.extensions import db
from flaskblog.models import Post, User
from tests.client import Client, read
from tests.factories import make_post, make_user

ATOM = "{http://www.w3.org/2005/Atom}"
FEEDS = pytest.mark.parametrize("address", ["/feed.xml", "/user/writer/feed.xml"])


def parsed(answer: TestResponse) -> Element:
    assert answer.status_code == 200
    assert answer.mimetype == "application/atom+xml"
    return ElementTree.fromstring(answer.data)


def text(element: Element, name: str) -> str:
    found = element.find(f"{ATOM}{name}")
    assert found is not None, f"RFC 4287 asks for {name}"
    return found.text or ""


@FEEDS
def test_a_feed_holds_the_newest_posts_with_all_that_atom_asks_for(
    client: Client, writer: User, address: str
) -> None:
    moment = now().replace(microsecond=0)
    for age in range(25):
        make_post(writer, f"{age} hours old", created_at=moment - timedelta(hours=age))
    feed = parsed(client.get(address))
    entries = feed.findall(f"{ATOM}entry")
    assert [text(entry, "title") for entry in entries] == [f"{age} hours old" for age in range(10)]
    assert text(feed, "updated") == f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    ids = [text(part, "id") for part in [feed, *entries]]
    assert len(set(ids)) == 11
    assert all(each.startswith("http://127.0.0.1:5000/") for each in ids)
    for entry in entries:
        assert text(entry, "updated") == text(entry, "published")
        author = entry.find(f"{ATOM}author")
        assert author is not None
        assert text(author, "name") == "writer"
        assert client.get(text(entry, "id")).status_code == 200


@FEEDS
def test_a_feed_stays_readable_whatever_stands_in_a_post(
    client: Client, writer: User, address: str
) -> None:
    """Even what came into the database before it was kept out."""
    post = make_post(writer, "]]> & <b> é 🧵", "<script>alert(1)</script> & `a < b`")
    db.session.execute(
        update(Post).values(title="]]> & <b>\x0b\x1f\ufffe 🧵", content_html="<p>a\x08b\uffff</p>")
    )
    db.session.commit()
    entry = parsed(client.get(address)).find(f"{ATOM}entry")
    assert entry is not None
    assert text(entry, "title") == "]]> & <b> 🧵"
    assert text(entry, "content") == "<p>ab</p>"
    assert text(entry, "id").endswith(f"/post/{post.id}")


@pytest.mark.usefixtures("writer")
@FEEDS
def test_an_empty_feed_is_valid_and_stays_the_same(client: Client, address: str) -> None:
    first = client.get(address)
    assert text(parsed(first), "updated")
    assert client.get(address).data == first.data


@FEEDS
def test_who_has_read_a_feed_gets_it_again_only_when_it_changed(
    client: Client, writer: User, address: str
) -> None:
    make_post(writer, created_at=now() - timedelta(days=2))
    first = client.get(address)
    seen = [
        {"If-None-Match": first.headers["ETag"]},
        {"If-Modified-Since": first.headers["Last-Modified"]},
    ]
    assert [client.get(address, headers=known).status_code for known in seen] == [304, 304]
    make_post(writer)
    assert [client.get(address, headers=known).status_code for known in seen] == [200, 200]


def test_a_persons_feed_holds_their_posts_alone(client: Client, writer: User) -> None:
    make_post(writer, "Mine")
    make_post(make_user("another"), "Another's")
    entries = parsed(client.get("/user/WRITER/feed.xml")).findall(f"{ATOM}entry")
    assert [text(entry, "title") for entry in entries] == ["Mine"]
    assert client.get("/user/nobody/feed.xml").status_code == 404


def test_a_deleted_post_leaves_the_feed(client: Client, writer: User) -> None:
    make_post(writer).delete()
    db.session.commit()
    assert parsed(client.get("/feed.xml")).findall(f"{ATOM}entry") == []


def test_the_feed_follows_a_new_name(client: Client, writer_client: Client) -> None:
    writer_client.submit("/account", username="renamed")
    answer = client.get("/user/writer/feed.xml")
    assert (answer.status_code, answer.location) == (301, "/user/renamed/feed.xml")


@pytest.mark.usefixtures("writer")
def test_pages_announce_the_feeds(client: Client) -> None:
    def announced(address: str) -> list[str]:
        links = read(client.get(address)).select('link[type="application/atom+xml"]')
        return [str(link["href"]) for link in links]

    assert announced("/about") == ["/feed.xml"]
    assert announced("/user/writer") == ["/feed.xml", "/user/writer/feed.xml"]
