import json
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from flaskblog.media.image_files import MAX_PARTS, MAX_SCANS, strip_metadata
from flaskblog.media.images import SIZE, PictureError, square_picture
from tests.support import pictures
from tests.support.pictures import encoded, jpeg_segment, plain, png_chunk, webp_chunk

VALID = [
    encoded(plain(), "JPEG", exif=pictures.exif(6)),
    encoded(plain(), "JPEG", progressive=True),
    encoded(pictures.palette(), "PNG", transparency=bytes(4)),
    encoded(plain("I;16", 7), "PNG", exif=pictures.exif(6)),
    pictures.animation("PNG"),
    encoded(plain(), "WEBP", exif=pictures.exif(6)),
    encoded(plain("RGBA"), "WEBP", lossless=True),
    pictures.animation("WEBP"),
]

MEASURE = """
import json, re, sys
from pathlib import Path
from flaskblog.media.images import PictureError, square_picture

def peak():
    # Not getrusage: its peak begins with that of the process which started this one.
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024

first, *rest = map(Path, sys.argv[1:])
with first.open("rb") as stream:
    square_picture(stream)
before = peak()
growth = {}
for path in rest:
    with path.open("rb") as stream:
        try:
            square_picture(stream)
        except PictureError:
            pass
    growth[path.name] = peak() - before
print(json.dumps(growth))
"""


@pytest.fixture(scope="module")
def bombs() -> dict[str, bytes]:
    header_of_canvas = b"\2\0\0\0" + b"\xff\xff\xff" + b"\x0f\0\0"  # 16,777,216 by 16
    long_text = b"a\0\0" + pictures.deflated_zeros(200_000_000)
    many_tags = pictures.exif_bomb()
    return {
        "webp": pictures.webp_of(9400, 9400),
        "webp past Pillow's warning": pictures.webp_of(9500, 9500),
        "webp past Pillow's error": pictures.webp_of(16_000, 16_000),
        "animated webp": pictures.webp(
            webp_chunk(b"VP8X", header_of_canvas),
            webp_chunk(b"ANIM", bytes(6)),
            webp_chunk(b"ANMF", bytes(40)),
        ),
        "webp of many chunks": pictures.webp(
            webp_chunk(b"VP8X", bytes(10)), webp_chunk(b"abcd", b"") * 900_000
        ),
        "webp exif": encoded(plain(), "WEBP", exif=many_tags),
        "png": pictures.png_of(13_000, 13_000),
        "png zTXt": pictures.png_with(png_chunk(b"zTXt", long_text) * 4),
        "png iTXt": pictures.png_with(png_chunk(b"iTXt", b"a\0\1\0\0" + long_text[2:]) * 4),
        "png iCCP": pictures.png_with(png_chunk(b"iCCP", long_text)),
        "png exif": pictures.png_with(png_chunk(b"eXIf", many_tags)),
        "png of many chunks": pictures.png_with(png_chunk(b"tEXt", b"") * 600_000),
        "largest jpeg": encoded(plain(size=(6000, 4000)), "JPEG"),
        "jpeg of many segments": pictures.jpeg_with(jpeg_segment(0xE1, b"") * 1_900_000),
        "jpeg of many scans": pictures.jpeg_of_scans(20_000),
    }


@pytest.mark.server
@pytest.mark.skipif(sys.platform != "linux", reason="reads its peak of memory from /proc")
def test_no_decompression_bomb_takes_50_megabytes_or_warns(
    bombs: dict[str, bytes], tmp_path: Path
) -> None:
    paths = [tmp_path / name for name in ("small", *bombs)]
    for path, data in zip(paths, [encoded(plain(), "WEBP"), *bombs.values()], strict=True):
        path.write_bytes(data)
    run = subprocess.run(  # our own interpreter and script
        [sys.executable, "-W", "always", "-c", MEASURE, *paths],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (run.returncode, run.stderr) == (0, "")
    growth = json.loads(run.stdout)
    assert growth.keys() == bombs.keys()
    assert max(growth.values()) < 50, growth


@pytest.mark.parametrize("size", [(9400, 9400), (9500, 9500), (16_000, 16_000)])
def test_a_webp_of_too_many_pixels_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(PictureError, match="24 megapixels"):
        square_picture(BytesIO(pictures.webp_of(*size)))


def test_a_jpeg_of_too_many_scans_is_refused() -> None:
    assert strip_metadata(pictures.jpeg_of_scans(MAX_SCANS))
    with pytest.raises(ValueError, match="scans"):
        strip_metadata(pictures.jpeg_of_scans(MAX_SCANS + 1))


@pytest.mark.parametrize(
    "data",
    [
        pictures.jpeg_with(jpeg_segment(0xE1, b"") * MAX_PARTS),
        pictures.png_with(png_chunk(b"tEXt", b"") * MAX_PARTS),
        pictures.webp(webp_chunk(b"abcd", b"") * (MAX_PARTS + 1)),
    ],
)
def test_a_file_of_too_many_parts_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="too many"):
        strip_metadata(data)


@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
def test_the_decoder_receives_the_first_frame_only(file_format: str) -> None:
    stripped = strip_metadata(pictures.animation(file_format))
    assert stripped is not None
    with Image.open(BytesIO(stripped.data)) as image:
        assert getattr(image, "n_frames", 1) == 1


@pytest.mark.parametrize(
    "data",
    [
        encoded(
            plain(), "JPEG", exif=pictures.exif(1), comment=b"note", xmp=b"x", icc_profile=b"i"
        ),
        encoded(plain(), "PNG", exif=pictures.exif(1), icc_profile=b"i"),
        encoded(plain(), "WEBP", exif=pictures.exif(1), xmp=b"x", icc_profile=b"i"),
    ],
)
def test_the_decoder_receives_no_metadata(data: bytes) -> None:
    stripped = strip_metadata(data)
    assert stripped is not None
    with Image.open(BytesIO(stripped.data)) as image:
        image.load()
        assert not {"exif", "xmp", "icc_profile", "comment"} & image.info.keys()


@pytest.mark.parametrize("data", VALID)
def test_a_truncated_file_is_refused(data: bytes) -> None:
    for length in range(12, len(data) - 1, 7):
        with pytest.raises(PictureError, match="damaged or incomplete"):
            square_picture(BytesIO(data[:length]))


def test_a_palette_picture_without_its_palette_is_refused() -> None:
    data = encoded(pictures.palette(), "PNG").replace(b"PLTE", b"plTE")
    with pytest.raises(PictureError, match="damaged or incomplete"):
        square_picture(BytesIO(data))


@settings(max_examples=300, deadline=None, database=None)
@given(
    data=st.sampled_from(VALID),
    changes=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=4)), max_size=4
    ),
    cut=st.floats(0, 1),
)
def test_a_corrupted_file_is_a_picture_or_refused(
    data: bytes, changes: list[tuple[float, bytes]], cut: float
) -> None:
    for place, replacement in changes:
        start = int(place * len(data))
        data = data[:start] + replacement + data[start + len(replacement) :]
    if cut < 0.1:
        data = data[: int(10 * cut * len(data))]
    if data.startswith(b"\x89PNG"):
        data = pictures.png_with_right_checksums(data)
    try:
        square = square_picture(BytesIO(data))
    except PictureError:
        return
    with Image.open(BytesIO(square)) as image:
        image.load()
    assert image.size == (SIZE, SIZE)
