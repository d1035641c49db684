"""What machines find without asking: sitemaps, robots.txt and the addresses of RFC 8615."""

from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from flask import Flask

from flaskblog.database import now
from flaskblog.extensions import db
from flaskblog.main import sitemap
from flaskblog.models import User
from tests.client import Client, browser
from tests.conftest import make_app
from tests.factories import make_post, make_user

SITE = "http://127.0.0.1:5000"


def addresses(client: Client, address: str) -> list[str]:
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.mimetype == "application/xml"
    return [str(tag.text) for tag in ElementTree.fromstring(answer.data).iter() if "loc" in tag.tag]


def test_the_sitemap_leads_to_every_page_that_is_for_everybody(
    client: Client, writer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sitemap, "PART", 2)
    make_user("silent")
    posts = [make_post(writer).id for _ in range(5)]
    make_post(writer).delete()
    db.session.commit()
    found = [page for part in addresses(client, "/sitemap.xml") for page in _entries(client, part)]
    pages = {f"{SITE}/", f"{SITE}/about", f"{SITE}/user/writer"}
    assert set(found) == pages | {f"{SITE}/post/{post_id}" for post_id in posts}
    assert len(found) == len(set(found))


def _entries(client: Client, part: str) -> list[str]:
    """None where every post of a part is gone."""
    return [] if client.get(part).status_code == 404 else addresses(client, part)


def test_a_part_of_the_sitemap_stays_within_the_protocol(client: Client, writer: User) -> None:
    assert sitemap.PART <= 50_000
    post = make_post(writer)
    answer = client.get("/sitemap-posts-1.xml")
    assert f"<lastmod>{post.created_at:%Y-%m-%dT%H:%M:%SZ}</lastmod>" in answer.text
    assert client.get("/sitemap-posts-2.xml").status_code == 404
    assert client.get("/sitemap-posts-9223372036854775807.xml").status_code == 404


def test_robots_find_the_sitemap(client: Client) -> None:
    answer = client.get("/robots.txt")
    assert answer.content_type == "text/plain; charset=utf-8"
    assert f"Sitemap: {SITE}/sitemap.xml" in answer.text.splitlines()


def test_a_password_manager_finds_the_page_to_change_a_password(writer_client: Client) -> None:
    answer = writer_client.get("/.well-known/change-password", follow_redirects=True)
    assert answer.request.path == "/account/password"
    assert answer.status_code == 200


def test_who_finds_a_hole_learns_whom_to_tell(app: Flask, database_url: str) -> None:
    def told(client: Client) -> dict[str, str]:
        answer = client.get("/.well-known/security.txt")
        assert answer.content_type == "text/plain; charset=utf-8"
        return dict(line.split(": ", 1) for line in answer.text.splitlines())

    fields = told(browser(app))
    assert fields["Contact"] == f"{SITE}/about"
    expires = datetime.strptime(fields["Expires"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert 30 < (expires - now()).days < 365
    contact = "mailto:security@example.org"
    named = browser(make_app(database_url, SECURITY_CONTACT=contact))
    assert told(named)["Contact"] == contact


@pytest.mark.usefixtures("writer")
def test_the_page_about_the_site_names_who_keeps_order(client: Client) -> None:
    make_user("another")
    assert 'href="/user/writer"' in client.get("/about").text
    assert "another" not in client.get("/about").text
