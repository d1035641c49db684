"""Pictures of users, stored in a folder and in a bucket."""

import re
from io import BytesIO

import pytest
from flask import Flask

from flaskblog.extensions import db
from flaskblog.media import pictures
from flaskblog.models import User
from tests.support.client import Client, browser, is_own_page
from tests.support.pictures import encoded, plain

MISSING = "0" * 32 + ".webp"


def set_picture(member: Client, colour: str = "red") -> str:
    picture = (BytesIO(encoded(plain("RGB", colour), "PNG")), "me.png")
    answer = member.submit("/account", picture=picture)
    assert answer.status_code == 302
    db.session.expire_all()
    name = db.session.get_one(User, 1).picture
    assert name
    return name


def test_a_picture_is_stored_served_replaced_and_removed(site: Flask, member: Client) -> None:
    assert list(pictures.store().names()) == []
    first = set_picture(member)
    answer = browser(site).get(f"/media/{first}")
    assert (answer.status_code, answer.data) == (200, pictures.store().read(first))
    second = set_picture(member, "blue")
    assert list(pictures.store().names()) == [second]
    assert browser(site).get(f"/media/{first}").status_code == 404
    pictures.remove(second)
    pictures.remove(second)
    assert list(pictures.store().names()) == []
    with pytest.raises(FileNotFoundError):
        pictures.store().read(second)


def test_both_stores_send_the_same_headers(site: Flask, member: Client) -> None:
    answer = browser(site).get(f"/media/{set_picture(member)}")
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Length"] == str(len(answer.data))
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "attachment" not in answer.headers.get("Content-Disposition", "")


def test_a_missing_picture_is_a_404(site: Flask) -> None:
    answer = browser(site).get(f"/media/{MISSING}")
    assert answer.status_code == 404
    assert is_own_page(answer)


def test_a_picture_name_is_random_with_the_extension_webp() -> None:
    names = {pictures.picture_name() for _ in range(100)}
    assert len(names) == 100
    assert all(re.fullmatch(r"[0-9a-f]{32}\.webp", name) for name in names)
