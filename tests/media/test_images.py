import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from unittest.mock import Mock

import pytest
from PIL import Image, ImageCms, ImageColor

from flaskblog.media.images import MAX_BYTES, SIZE, PictureError, square_picture
from tests.support import pictures
from tests.support.pictures import CORNERS, SECRET, encoded, plain

GREY = (0x90, 0x90, 0x90)
RED, BLUE = (255, 0, 0), (0, 0, 255)


def squared(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(square_picture(BytesIO(data))))
    assert (image.format, image.mode, image.size) == ("WEBP", "RGB", (SIZE, SIZE))
    return image


def near(colour: object, expected: tuple[int, ...]) -> bool:
    assert isinstance(colour, tuple)
    return all(abs(a - b) <= 12 for a, b in zip(colour, expected, strict=True))


def error_message(data: bytes) -> str:
    with pytest.raises(PictureError) as caught:
        square_picture(BytesIO(data))
    return str(caught.value)


@pytest.mark.parametrize(
    ("data", "colour"),
    [
        (encoded(plain(), "JPEG"), RED),
        (encoded(plain(), "JPEG", progressive=True), RED),
        (pictures.rgb_jpeg(), RED),
        (encoded(plain("L", 100), "JPEG"), (100, 100, 100)),
        (encoded(plain("CMYK", (0, 255, 255, 0)), "JPEG"), RED),
        (encoded(plain(), "PNG"), RED),
        (encoded(plain(), "PNG", transparency=RED), GREY),
        (encoded(plain("RGBA", (255, 0, 0, 255)), "PNG"), RED),
        (encoded(plain("RGBA", (255, 0, 0, 0)), "PNG"), GREY),
        (encoded(plain("LA", (100, 255)), "PNG"), (100, 100, 100)),
        (encoded(plain("LA", (100, 0)), "PNG"), GREY),
        (encoded(plain("L", 100), "PNG"), (100, 100, 100)),
        (encoded(plain("L", 100), "PNG", transparency=100), GREY),
        (encoded(plain("1", 1), "PNG"), (255, 255, 255)),
        (encoded(plain("I;16", 40_000), "PNG"), (156, 156, 156)),
        (encoded(plain("I;16", 40_000), "PNG", transparency=7), (156, 156, 156)),
        (encoded(pictures.palette(), "PNG"), RED),
        (encoded(pictures.palette(), "PNG", transparency=bytes(4)), GREY),
        (encoded(plain(), "WEBP"), RED),
        (encoded(plain(), "WEBP", lossless=True), RED),
        (encoded(plain("RGBA", (255, 0, 0, 0)), "WEBP"), GREY),
        (pictures.animation("PNG"), RED),
        (pictures.animation("WEBP"), RED),
    ],
)
def test_every_mode_of_the_three_formats_keeps_its_colour(
    data: bytes, colour: tuple[int, int, int]
) -> None:
    assert near(squared(data).getpixel((62, 62)), colour)


@pytest.mark.parametrize("size", [(1, 1), (1, 60_000), (60_000, 1), (124, 126), (3000, 20)])
@pytest.mark.parametrize("file_format", ["JPEG", "PNG"])
def test_any_shape_becomes_a_square(size: tuple[int, int], file_format: str) -> None:
    assert near(squared(encoded(plain(size=size), file_format)).getpixel((62, 62)), RED)


def test_the_centre_is_kept() -> None:
    image = plain(size=(600, 200))
    image.paste("blue", (200, 0, 400, 200))
    square = squared(encoded(image, "PNG"))
    assert all(near(square.getpixel((x, 62)), BLUE) for x in (2, 62, 122))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_turned_upright(file_format: str, orientation: int, order: str) -> None:
    exif = pictures.exif(orientation, order)
    square = squared(encoded(pictures.turned(orientation), file_format, exif=exif))
    seen = [square.getpixel(point) for point in ((30, 30), (94, 30), (30, 94), (94, 94))]
    colours = [ImageColor.getrgb(name) for name in CORNERS]
    assert all(near(colour, expected) for colour, expected in zip(seen, colours, strict=True))


@pytest.mark.parametrize("orientation", [0, 9, 65_535])
def test_an_unknown_orientation_counts_as_upright(orientation: int) -> None:
    data = encoded(pictures.four_corners(), "JPEG", exif=pictures.exif(orientation))
    assert near(squared(data).getpixel((30, 30)), RED)


@pytest.mark.parametrize(
    "data",
    [
        encoded(plain(), "JPEG", exif=pictures.exif(1), comment=SECRET),
        encoded(plain(), "JPEG", xmp=SECRET, icc_profile=SECRET),
        encoded(plain(), "PNG", exif=pictures.exif(1), icc_profile=SECRET),
        encoded(plain(), "WEBP", exif=pictures.exif(1), xmp=SECRET, icc_profile=SECRET),
        pictures.png_with(pictures.png_chunk(b"tEXt", b"Comment\0" + SECRET)),
        pictures.png_with(pictures.png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + SECRET)),
        encoded(plain(), "JPEG") + b"PK\3\4<script>" + SECRET,
        encoded(plain(), "PNG") + SECRET,
        encoded(plain(), "WEBP") + SECRET,
    ],
)
def test_only_pixels_are_stored(data: bytes) -> None:
    square = square_picture(BytesIO(data))
    assert SECRET not in square
    assert square[12:16] == b"VP8 "
    assert int.from_bytes(square[16:20], "little") in range(len(square) - 21, len(square) - 19)


def test_a_real_colour_profile_is_dropped() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert "icc_profile" not in squared(encoded(plain(), "JPEG", icc_profile=profile)).info


@pytest.mark.parametrize("file_format", ["GIF", "BMP", "TIFF", "EPS", "AVIF", "JPEG2000", "ICO"])
def test_other_picture_formats_are_refused(file_format: str) -> None:
    assert "not a JPEG, PNG or WebP" in error_message(encoded(plain(), file_format))


@pytest.mark.parametrize(
    "data",
    [
        b"just words",
        b"<!doctype html><script>alert(1)</script>",
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        b"%PDF-1.7",
        b"RIFF\4\0\0\0WAVE",
    ],
)
def test_files_that_are_no_pictures_are_refused(data: bytes) -> None:
    assert "not a JPEG, PNG or WebP" in error_message(data)


@pytest.mark.parametrize("error", [OSError, ValueError, SyntaxError, EOFError, MemoryError])
def test_any_error_of_a_decoder_is_a_picture_error(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "open", Mock(side_effect=error))
    assert "damaged or incomplete" in error_message(encoded(plain(), "PNG"))


def test_an_empty_file_is_refused() -> None:
    assert "empty" in error_message(b"")


def test_the_largest_file_has_eight_mebibytes() -> None:
    bare = len(pictures.png_with(pictures.png_chunk(b"tEXt", b"")))
    full = pictures.png_with(pictures.png_chunk(b"tEXt", bytes(MAX_BYTES - bare)))
    assert len(full) == MAX_BYTES
    assert near(squared(full).getpixel((62, 62)), RED)
    assert "larger than 8 MiB" in error_message(full + b"\0")


def test_the_largest_picture_has_24_megapixels() -> None:
    assert squared(encoded(plain("L", 100, (6000, 4000)), "JPEG"))
    assert "24 megapixels" in error_message(encoded(plain("L", 100, (6000, 4001)), "JPEG"))


def test_pictures_are_decoded_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = Counter[str]()

    def slow_open(*_: object, **__: object) -> Image.Image:
        at_once["now"] += 1
        at_once["most"] = max(at_once["most"], at_once["now"])
        time.sleep(0.01)
        at_once["now"] -= 1
        return plain()

    data = encoded(plain(), "PNG")
    monkeypatch.setattr(Image, "open", slow_open)
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(square_picture, [BytesIO(data) for _ in range(4)]))
    assert len(made) == 4
    assert at_once["most"] == 1
