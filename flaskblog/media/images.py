"""Validation and re-encoding of uploaded pictures."""

import struct
import threading
import warnings
from io import BytesIO
from math import ceil
from typing import BinaryIO

from PIL import Image
from PIL.JpegImagePlugin import get_sampling

from flaskblog.media.image_files import StrippedFile, strip_metadata

MAX_BYTES = 8 * 1024 * 1024
MAX_PIXELS = 24_000_000
MAX_MEMORY = 4 * MAX_PIXELS  # bytes while decoding; Pillow stores four for each pixel
SIZE = 125  # pixels a side
REDUCED = 3 * SIZE  # up to here, a cheap box filter is as good as a better one
STRIP = 16  # rows reduced at a time

# Black and white drawings both have WCAG 2.2's contrast of 3:1 (1.4.11) on this grey.
_BACKGROUND = "#909090"

# EXIF 2.32, tag 274: how to turn a picture upright.
_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Raised by Pillow's decoders for truncated or inconsistent files.
_DECODER_ERRORS = (OSError, ValueError, SyntaxError, EOFError, struct.error, MemoryError)

_decoder_lock = threading.Lock()


class PictureError(ValueError):
    """An unusable file; the message is for the user who uploaded it."""


def square_picture(stream: BinaryIO) -> bytes:
    """Return the upright centre of a JPEG, PNG or WebP file as a WebP of `SIZE` by `SIZE` pixels.

    Transparent parts become grey, visible on light and dark pages. Metadata and colour profiles
    are dropped; of an animation the first frame stays. The format is detected from the content.
    One picture at a time in each process, in less than 100 MiB. Raises PictureError.
    """
    with _decoder_lock:
        try:
            return _square(_strip(stream))
        except PictureError:
            raise
        except Image.DecompressionBombError as error:
            raise _too_many_pixels() from error
        except _DECODER_ERRORS as error:
            raise PictureError(
                "The picture is damaged or incomplete. Save it again or choose another one."
            ) from error


def _read(stream: BinaryIO) -> bytes:
    data = stream.read(MAX_BYTES + 1)
    if not data:
        raise PictureError("The file is empty. Choose another picture.")
    if len(data) > MAX_BYTES:
        raise PictureError(
            f"The file is larger than {MAX_BYTES // 1024**2} MiB. Choose a smaller picture."
        )
    return data


def _strip(stream: BinaryIO) -> StrippedFile:
    file = strip_metadata(_read(stream))
    if file is None:
        raise PictureError(
            "The file is not a JPEG, PNG or WebP picture. Choose a picture in one of these formats."
        )
    return file


def _square(file: StrippedFile) -> bytes:
    with _open(file) as image:
        small = _crop_and_resize(image)
    if file.orientation in _TRANSPOSE:
        small = small.transpose(_TRANSPOSE[file.orientation])
    square = Image.new("RGB", small.size, _BACKGROUND)
    square.paste(small, mask=small if small.mode == "RGBA" else None)
    encoded = BytesIO()
    square.save(encoded, "WEBP", quality=85, method=6)
    return encoded.getvalue()


def _open(file: StrippedFile) -> Image.Image:
    with warnings.catch_warnings():
        # Pillow's warning is of 89 megapixels; the limit below is lower.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        image = Image.open(BytesIO(file.data), formats=[file.format])
    pixels = image.width * image.height
    if pixels > MAX_PIXELS:
        raise _too_many_pixels()
    working_bytes = _working_bytes(image, file)
    # Ask the decoder of JPEG for the smallest size that is large enough.
    image.draft(None, (2 * SIZE, 2 * SIZE))
    if 4 * image.width * image.height + working_bytes * pixels > MAX_MEMORY:
        allowed = MAX_MEMORY // (4 + working_bytes) // 10**6
        raise PictureError(
            f"In this format, a picture can have at most {allowed} megapixels. Choose a smaller "
            "one, or save it as a JPEG that is not progressive."
        )
    return image


def _working_bytes(image: Image.Image, file: StrippedFile) -> int:
    """What the decoder takes for each pixel, beside the four bytes of Pillow's picture."""
    if file.format == "WEBP":
        return 12  # libwebp's decoder of animations: two canvases and a copy of one
    if file.format == "JPEG" and (file.scans > 1 or "progressive" in image.info):
        # The coefficients of all pixels, of two bytes; colours may have fewer than brightness.
        by_sampling = {0: 6, 1: 4, 2: 3}
        return by_sampling.get(get_sampling(image), 2 * len(image.getbands()))
    return 0


def _crop_and_resize(image: Image.Image) -> Image.Image:
    if image.mode == "P" and image.palette is None:
        raise ValueError("palette missing")
    side = min(image.size)
    factor = max(1, side // REDUCED)
    mode = "RGBA" if image.has_transparency_data else "RGB"
    reduced = Image.new(mode, (ceil(side / factor),) * 2)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    # In strips: converting all of a large picture would take its memory a second time, or a third.
    for row in range(0, side, STRIP * factor):
        lower = min(row + STRIP * factor, side)
        strip = image.crop((left, top + row, left + side, top + lower))
        reduced.paste(_convert(strip, mode).reduce(factor), (0, row // factor))
    box = (0, 0, side / factor, side / factor)
    return reduced.resize((SIZE, SIZE), Image.Resampling.LANCZOS, box)


def _convert(image: Image.Image, mode: str) -> Image.Image:
    if image.mode == "I;16":
        image = image.point(lambda level: level / 256).convert("L")
    return image if image.mode == mode else image.convert(mode)


def _too_many_pixels() -> PictureError:
    return PictureError(
        f"The picture has more than {MAX_PIXELS // 10**6} megapixels. Choose a smaller one."
    )
