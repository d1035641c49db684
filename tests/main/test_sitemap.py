"""Sitemaps."""

from xml.etree import ElementTree

import pytest

from flaskblog.extensions import db
from flaskblog.main import sitemap
from flaskblog.models import User
from tests.support.client import Client
from tests.support.factories import make_post, make_user

SITE = "http://127.0.0.1:5000"


def addresses(client: Client, address: str) -> list[str]:
    response = client.get(address)
    assert response.status_code == 200
    assert response.mimetype == "application/xml"
    return [
        str(tag.text) for tag in ElementTree.fromstring(response.data).iter() if "loc" in tag.tag
    ]


def test_the_sitemap_lists_every_public_page_once(
    client: Client, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sitemap, "PART", 2)
    make_user("silent")
    posts = [make_post(author).id for _ in range(5)]
    make_post(author).delete()
    db.session.commit()
    found = [page for part in addresses(client, "/sitemap.xml") for page in _entries(client, part)]
    pages = {f"{SITE}/", f"{SITE}/about", f"{SITE}/user/author"}
    assert set(found) == pages | {f"{SITE}/post/{post_id}" for post_id in posts}
    assert len(found) == len(set(found))


def _entries(client: Client, part: str) -> list[str]:
    """Empty if every post of a part is deleted."""
    return [] if client.get(part).status_code == 404 else addresses(client, part)


def test_a_part_of_the_sitemap_follows_the_protocol(client: Client, author: User) -> None:
    assert sitemap.PART <= 50_000
    post = make_post(author)
    response = client.get("/sitemap-posts-1.xml")
    assert f"<lastmod>{post.created_at:%Y-%m-%dT%H:%M:%SZ}</lastmod>" in response.text
    assert client.get("/sitemap-posts-2.xml").status_code == 404
    assert client.get("/sitemap-posts-9223372036854775807.xml").status_code == 404
