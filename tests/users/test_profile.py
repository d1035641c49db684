"""Serving profile pictures, and initials for members without one."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image

from flaskblog.media.images import SIZE
from flaskblog.models import User
from tests.support.client import Client, browser, is_own_page, read
from tests.support.factories import make_post
from tests.support.uploads import JPEG, stored_picture, upload

pytestmark = pytest.mark.usefixtures("media_folder")
YEAR = 365 * 24 * 60 * 60


def test_the_picture_is_shown_in_the_navigation_and_beside_posts(
    author_client: Client, client: Client, author: User
) -> None:
    make_post(author)
    initials = f"/user/{author.username}/initials.svg"
    assert picture_urls(client, "article") == picture_urls(author_client, "nav") == {initials}
    upload(author_client, JPEG)
    picture = f"/media/{stored_picture(author)}"
    assert picture_urls(client, "article") == picture_urls(author_client, "nav") == {picture}


def picture_urls(client: Client, element: str) -> set[str]:
    return {str(tag["src"]) for tag in read(client.get("/")).select(f"{element} img")}


def test_a_picture_is_cacheable_for_a_year_and_sets_no_cookie(
    app: Flask, author_client: Client, author: User
) -> None:
    upload(author_client, JPEG)
    for client in (author_client, browser(app)):
        response = client.get(f"/media/{stored_picture(author)}")
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "image/webp"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.cache_control.immutable
        assert response.cache_control.public
        assert response.cache_control.max_age == YEAR
        assert response.cache_control.no_cache is None
        assert "Set-Cookie" not in response.headers
        assert "Cookie" not in response.headers.get("Vary", "")
        with Image.open(BytesIO(response.data)) as image:
            assert image.size == (SIZE, SIZE)


@pytest.mark.parametrize(
    "name",
    [
        "0" * 32 + ".webp",
        "x.webp",
        "",
        "..%2F..%2Fconfig.py",
        "../config.py",
        "%2e%2e/secret_key",
        "..%5Cconfig.py",
        "%2Fetc%2Fpasswd",
        ".part",
        "0" * 32 + ".part",
        "0" * 32 + ".webp%0A",
        "0" * 32 + ".webp/",
    ],
)
def test_only_pictures_are_served(author_client: Client, media_folder: Path, name: str) -> None:
    upload(author_client, JPEG)
    (media_folder / ("0" * 32 + ".part")).write_bytes(b"half")
    (media_folder / "x.webp").write_bytes(b"other")
    response = author_client.get(f"/media/{name}", follow_redirects=True)
    assert response.status_code == 404
    assert is_own_page(response)


@pytest.mark.parametrize(
    "name",
    [
        "author",
        "nobody",
        "..",
        "<script>",
        "%22%3E%3Csvg%3E",
        "ünï-cöde",
        "x" * 2000,
        "%F0%9F%A6%8A",
    ],
)
@pytest.mark.usefixtures("author")
def test_initials_are_drawn_for_any_name(client: Client, name: str) -> None:
    response = client.get(f"/user/{name}/initials.svg")
    assert response.status_code == 200
    assert response.mimetype == "image/svg+xml"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert response.cache_control.public
    assert response.text.count("<") == len(re.findall(r"</?(?:svg|rect|text)\b", response.text))
    assert "Set-Cookie" not in response.headers
    assert "Cookie" not in response.headers.get("Vary", "")
