"""`robots.txt` and the well-known URLs."""

from datetime import UTC, datetime

from flask import Flask

from flaskblog.database.base import now
from tests.conftest import make_app
from tests.support.client import Client, browser

SITE = "http://127.0.0.1:5000"


def test_robots_txt_links_to_the_sitemap(client: Client) -> None:
    response = client.get("/robots.txt")
    assert response.content_type == "text/plain; charset=utf-8"
    assert f"Sitemap: {SITE}/sitemap.xml" in response.text.splitlines()


def test_change_password_redirects_to_the_password_page(author_client: Client) -> None:
    response = author_client.get("/.well-known/change-password", follow_redirects=True)
    assert response.request.path == "/account/password"
    assert response.status_code == 200


def test_security_txt_gives_a_contact_and_an_expiry_date(app: Flask, database_url: str) -> None:
    def security_fields(client: Client) -> dict[str, str]:
        response = client.get("/.well-known/security.txt")
        assert response.content_type == "text/plain; charset=utf-8"
        return dict(line.split(": ", 1) for line in response.text.splitlines())

    fields = security_fields(browser(app))
    assert fields["Contact"] == f"{SITE}/about"
    expires = datetime.strptime(fields["Expires"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert 30 < (expires - now()).days < 365
    contact = "mailto:security@example.org"
    configured = browser(make_app(database_url, SECURITY_CONTACT=contact))
    assert security_fields(configured)["Contact"] == contact
