"""Pictures as members send them through the form."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from flaskblog.models import User
from flaskblog.users.avatars import MAX_BYTES, SIZE
from tests.client import Client, is_own_page, message_at
from tests.users import pictures
from tests.users.pictures import encoded, plain
from tests.users.uploads import JPEG, PNG, picture_of, send

pytestmark = pytest.mark.usefixtures("media_folder")


def send_large(client: Client, data: bytes) -> TestResponse:
    """From memory: the test client leaves the file open in which it spools what is large."""
    fields = {
        "csrf_token": client.token("/account"),
        "picture": FileStorage(BytesIO(data), "me.png"),
    }
    boundary, body = encode_multipart(
        fields | {"username": "writer", "email": "writer@example.org"}
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
def test_a_picture_is_judged_by_its_content_and_stored_as_ours(
    writer_client: Client, writer: User, media_folder: Path, data: bytes, name: str
) -> None:
    assert send(writer_client, data, name).location == "/account"
    stored = picture_of(writer)
    assert stored is not None
    assert re.fullmatch(r"[0-9a-f]{32}\.webp", stored)
    assert files(media_folder) == [stored]
    bytes_ = (media_folder / stored).read_bytes()
    assert pictures.SECRET not in bytes_
    with Image.open(BytesIO(bytes_)) as image:
        assert (image.format, image.size) == ("WEBP", (SIZE, SIZE))


ODD = {
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


@pytest.mark.parametrize("data", ODD.values(), ids=ODD.keys())
def test_an_odd_file_gives_the_picture_or_a_message_and_the_old_picture_stays(
    writer_client: Client, writer: User, media_folder: Path, data: bytes
) -> None:
    send(writer_client, JPEG)
    before = picture_of(writer)
    answer = send(writer_client, data)
    if answer.status_code == 302:
        assert picture_of(writer) != before
    else:
        assert answer.status_code == 200
        assert message_at(answer, "picture")
        assert picture_of(writer) == before
    assert files(media_folder) == [picture_of(writer)]


def test_what_is_too_large_is_told_and_what_is_far_too_large_is_cut_off(
    writer_client: Client, writer: User, media_folder: Path
) -> None:
    answer = send_large(writer_client, PNG + bytes(MAX_BYTES))
    assert answer.status_code == 200
    assert "8 MiB" in message_at(answer, "picture")
    answer = send_large(writer_client, bytes(2 * MAX_BYTES))
    assert answer.status_code == 413
    assert is_own_page(answer)
    assert picture_of(writer) is None
    assert not media_folder.exists()


@pytest.mark.parametrize("picture", ["words", ""])
def test_words_where_a_file_belongs_change_nothing(
    writer_client: Client, writer: User, picture: str
) -> None:
    assert writer_client.submit("/account", picture=picture).location == "/account"
    assert picture_of(writer) is None


def test_without_a_file_the_picture_stays(writer_client: Client, writer: User) -> None:
    send(writer_client, JPEG)
    before = picture_of(writer)
    assert send(writer_client, b"", "", username="renamed").location == "/account"
    assert picture_of(writer) == before


def test_a_new_picture_replaces_the_old_file(
    writer_client: Client, writer: User, media_folder: Path
) -> None:
    send(writer_client, JPEG)
    before = picture_of(writer)
    send(writer_client, JPEG, username="renamed")
    assert picture_of(writer) != before
    assert files(media_folder) == [picture_of(writer)]


def test_a_picture_with_a_wrong_name_is_not_kept(
    writer_client: Client, writer: User, media_folder: Path
) -> None:
    answer = send(writer_client, JPEG, username="a b")
    assert message_at(answer, "username")
    assert picture_of(writer) is None
    assert not media_folder.exists()
