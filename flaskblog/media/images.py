"""Validation and re-encoding of uploaded pictures."""

import struct
import threading
import warnings
from io import BytesIO
from typing import BinaryIO

from PIL import Image

from flaskblog.media.image_files import StrippedFile, strip_metadata

MAX_BYTES = 8 * 1024 * 1024
MAX_PIXELS = 24_000_000
SIZE = 125  # pixels a side

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
    One picture at a time in each process: the largest WebP takes 370 MB. Raises PictureError.
    """
    data = _read(stream)
    with _decoder_lock:
        try:
            return _square(data)
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


def _square(data: bytes) -> bytes:
    file = strip_metadata(data)
    if file is None:
        raise PictureError(
            "The file is not a JPEG, PNG or WebP picture. Choose a picture in one of these formats."
        )
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
    if image.width * image.height > MAX_PIXELS:
        raise _too_many_pixels()
    return image


def _crop_and_resize(image: Image.Image) -> Image.Image:
    image.draft(None, (2 * SIZE, 2 * SIZE))
    if image.mode == "P" and image.palette is None:
        raise ValueError("palette missing")
    if image.mode == "I;16":
        image = image.point(lambda level: level / 256).convert("L")
    mode = "RGBA" if image.has_transparency_data else "RGB"
    if image.mode != mode:
        image = image.convert(mode)
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    box = (left, top, left + side, top + side)
    return image.resize((SIZE, SIZE), Image.Resampling.LANCZOS, box, reducing_gap=3.0)


def _too_many_pixels() -> PictureError:
    return PictureError(
        f"The picture has more than {MAX_PIXELS // 10**6} megapixels. Choose a smaller one."
    )
