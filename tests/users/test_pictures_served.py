"""Pictures, and the initials of those without one, as everybody gets them."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image

from flaskblog.models import User
from flaskblog.users.avatars import SIZE
from tests.client import Client, browser, is_own_page, read
from tests.factories import make_post
from tests.users.uploads import JPEG, picture_of, send

pytestmark = pytest.mark.usefixtures("media_folder")
YEAR = 365 * 24 * 60 * 60


def test_the_picture_is_shown_in_the_navigation_and_beside_posts(
    writer_client: Client, client: Client, writer: User
) -> None:
    make_post(writer)
    initials = f"/user/{writer.username}/initials.svg"
    assert shown(client, "article") == shown(writer_client, "nav") == {initials}
    send(writer_client, JPEG)
    picture = f"/media/{picture_of(writer)}"
    assert shown(client, "article") == shown(writer_client, "nav") == {picture}


def shown(client: Client, element: str) -> set[str]:
    return {str(tag["src"]) for tag in read(client.get("/")).select(f"{element} img")}


def test_a_picture_is_served_for_a_year_and_without_a_cookie(
    app: Flask, writer_client: Client, writer: User
) -> None:
    send(writer_client, JPEG)
    for client in (writer_client, browser(app)):
        answer = client.get(f"/media/{picture_of(writer)}")
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "image/webp"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.cache_control.immutable
        assert answer.cache_control.public
        assert answer.cache_control.max_age == YEAR
        assert answer.cache_control.no_cache is None
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.headers.get("Vary", "")
        with Image.open(BytesIO(answer.data)) as image:
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
def test_nothing_but_pictures_is_served(
    writer_client: Client, media_folder: Path, name: str
) -> None:
    send(writer_client, JPEG)
    (media_folder / ("0" * 32 + ".part")).write_bytes(b"half")
    (media_folder / "x.webp").write_bytes(b"other")
    answer = writer_client.get(f"/media/{name}")
    assert answer.status_code == 404
    assert is_own_page(answer)


@pytest.mark.parametrize(
    "name",
    [
        "writer",
        "nobody",
        "..",
        "<script>",
        "%22%3E%3Csvg%3E",
        "ünï-cöde",
        "x" * 2000,
        "%F0%9F%A6%8A",
    ],
)
@pytest.mark.usefixtures("writer")
def test_initials_are_drawn_for_every_address(client: Client, name: str) -> None:
    answer = client.get(f"/user/{name}/initials.svg")
    assert answer.status_code == 200
    assert answer.mimetype == "image/svg+xml"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.cache_control.public
    assert answer.text.count("<") == len(re.findall(r"</?(?:svg|rect|text)\b", answer.text))
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")
