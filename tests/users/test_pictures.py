"""Uploading profile pictures."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from flaskblog.media.images import MAX_BYTES, SIZE
from flaskblog.models import User
from tests.support import pictures
from tests.support.client import Client, is_own_page, message_at, read
from tests.support.pictures import encoded, plain
from tests.support.uploads import JPEG, PNG, stored_picture, upload
from tests.web.test_limits import let_time_pass

pytestmark = pytest.mark.usefixtures("media_folder")


def send_large(client: Client, data: bytes) -> TestResponse:
    """Send from memory: the test client does not close the file in which it spools large fields."""
    fields = {
        "csrf_token": client.token("/account"),
        "picture": FileStorage(BytesIO(data), "me.png"),
    }
    boundary, body = encode_multipart(
        fields | {"username": "author", "email": "author@example.org"}
    )
    content_type = f"multipart/form-data; boundary={boundary}"
    return client.post("/account", data=body, content_type=content_type)


def files(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (JPEG, "me.jpg"),
        (PNG, "me.JPEG"),
        (encoded(plain(), "WEBP"), "noextension"),
        (JPEG, "../../config.py"),
        (JPEG, "ü\u202egpj.exe"),
        (JPEG, "x" * 300 + ".png"),
        (JPEG + b"<script>alert(1)</script>", "page.html"),
        (encoded(plain("CMYK", (0, 255, 255, 0)), "JPEG"), "cmyk.png"),
        (encoded(plain("I;16", 40_000), "PNG"), "deep.png"),
        (encoded(plain("1", 1), "PNG"), "bits.png"),
        (encoded(plain("LA", (100, 0)), "PNG"), "la.png"),
        (encoded(pictures.palette(), "PNG"), "palette.png"),
        (pictures.animation("WEBP"), "film.webp"),
        (encoded(plain(), "JPEG", exif=pictures.exif(6), comment=pictures.SECRET), "camera.jpg"),
    ],
)
def test_a_picture_is_recognized_by_its_content_and_stored_as_webp(
    author_client: Client, author: User, media_folder: Path, data: bytes, name: str
) -> None:
    assert upload(author_client, data, name).location == "/account"
    stored = stored_picture(author)
    assert stored is not None
    assert re.fullmatch(r"[0-9a-f]{32}\.webp", stored)
    assert files(media_folder) == [stored]
    bytes_ = (media_folder / stored).read_bytes()
    assert pictures.SECRET not in bytes_
    with Image.open(BytesIO(bytes_)) as image:
        assert (image.format, image.size) == ("WEBP", (SIZE, SIZE))


UNUSUAL = {
    "text": b"just words",
    "page": b"<!doctype html><script>alert(1)</script>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "eps": encoded(plain(), "EPS"),
    "tiff": encoded(plain(), "TIFF"),
    "gif": encoded(plain(), "GIF"),
    "avif": encoded(plain(), "AVIF"),
    "empty": b"",
    "cut JPEG": JPEG[: len(JPEG) // 2],
    "cut PNG": PNG[:40],
    "header alone": PNG[:8],
    "no data": pictures.webp(),
    "bomb of one colour": pictures.webp_of(9400, 9400),
    "bomb of bits": pictures.png_of(20_000, 20_000),
    "bomb of text": pictures.png_with(
        pictures.png_chunk(b"zTXt", b"x\0\0" + pictures.deflated_zeros(60_000_000))
    ),
}


@pytest.mark.parametrize("data", UNUSUAL.values(), ids=UNUSUAL.keys())
def test_an_unusual_file_is_either_accepted_or_an_error(
    author_client: Client, author: User, media_folder: Path, data: bytes
) -> None:
    upload(author_client, JPEG)
    before = stored_picture(author)
    response = upload(author_client, data)
    if response.status_code == 302:
        assert stored_picture(author) != before
    else:
        assert response.status_code == 200
        assert message_at(response, "picture")
        assert stored_picture(author) == before
    assert files(media_folder) == [stored_picture(author)]


def test_a_large_file_is_an_error_of_the_field_and_a_huge_one_a_413(
    author_client: Client, author: User, media_folder: Path
) -> None:
    response = send_large(author_client, PNG + bytes(MAX_BYTES))
    assert response.status_code == 200
    assert "8 MiB" in message_at(response, "picture")
    response = send_large(author_client, bytes(2 * MAX_BYTES))
    assert response.status_code == 413
    assert is_own_page(response)
    assert stored_picture(author) is None
    assert not media_folder.exists()


@pytest.mark.parametrize("picture", ["words", ""])
def test_text_in_place_of_a_file_is_ignored(
    author_client: Client, author: User, picture: str
) -> None:
    assert author_client.submit("/account", picture=picture).location == "/account"
    assert stored_picture(author) is None


def test_without_a_file_the_picture_stays(author_client: Client, author: User) -> None:
    upload(author_client, JPEG)
    before = stored_picture(author)
    assert upload(author_client, b"", "", username="renamed").location == "/account"
    assert stored_picture(author) == before


def test_a_new_picture_replaces_the_old_file(
    author_client: Client, author: User, media_folder: Path
) -> None:
    upload(author_client, JPEG)
    before = stored_picture(author)
    upload(author_client, JPEG, username="renamed")
    assert stored_picture(author) != before
    assert files(media_folder) == [stored_picture(author)]


def test_a_picture_is_not_stored_if_another_field_is_invalid(
    author_client: Client, author: User, media_folder: Path
) -> None:
    response = upload(author_client, JPEG, username="a b")
    assert message_at(response, "username")
    assert stored_picture(author) is None
    assert not media_folder.exists()


@pytest.mark.usefixtures("limited")
def test_a_member_has_twenty_uploads_per_hour(author_client: Client, author: User) -> None:
    for _ in range(10):
        assert upload(author_client, JPEG).status_code == 302
        assert upload(author_client, b"no picture").status_code == 200
    picture = stored_picture(author)
    refused = upload(author_client, JPEG, username="renamed")
    assert refused.status_code == 429
    assert 3500 < int(refused.headers["Retry-After"]) <= 3600
    assert "Too many attempts. Try again in" in message_at(refused, "picture")
    assert read(refused).select_one('input[name="username"][value="renamed"]')
    assert stored_picture(author) == picture
    assert author_client.submit("/account", username="renamed").status_code == 302
    let_time_pass(3600)
    assert upload(author_client, JPEG).status_code == 302
