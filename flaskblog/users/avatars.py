"""A member's picture: the one they send, made small and harmless, or their initials until then."""

import colorsys
import hashlib
import re
import secrets
import struct
import threading
import warnings
from collections.abc import Callable
from io import BytesIO
from typing import Any, BinaryIO

from PIL import Image

from flaskblog.users.containers import bare_picture

MAX_BYTES = 8 * 1024 * 1024
MAX_PIXELS = 24_000_000
SIZE = 125  # pixels a side

# Black and white drawings both keep WCAG 2.2's 3:1 (1.4.11) on this grey.
_GROUND = "#909090"

# EXIF 2.32, tag 274: what turns a picture upright.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# What Pillow's three decoders raise for files that break off or contradict themselves.
_BROKEN = (OSError, ValueError, SyntaxError, EOFError, struct.error, MemoryError)
_BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)

_one_at_a_time = threading.Lock()


class PictureError(ValueError):
    """A file that cannot become a picture; the message is for the person who sent it."""


def square_picture(stream: BinaryIO) -> bytes:
    """Make a WebP of `SIZE` by `SIZE` pixels from a JPEG, PNG or WebP file, its middle, upright.

    WebP, because every current browser shows it and a photograph takes a third less than as a JPEG.
    Transparent parts become grey: a drawing must be seen on light and on dark pages. Metadata
    and colour profiles are dropped; of an animation the first frame stays.

    The content decides what the file is. Pictures are made one at a time in each process: the
    largest allowed, a WebP, takes 370 MB. Raises PictureError.
    """
    data = stream.read(MAX_BYTES + 1)
    if not data:
        raise PictureError("This file is empty; please choose another picture.")
    if len(data) > MAX_BYTES:
        raise PictureError(
            f"This file is larger than {MAX_BYTES // 1024**2} MiB; please choose a smaller picture."
        )
    with _one_at_a_time:
        try:
            return _square(data)
        except PictureError:
            raise
        except _BOMB as error:
            raise _too_many_pixels() from error
        except _BROKEN as error:
            raise PictureError(
                "This picture seems to be damaged or incomplete; please save it anew and try again,"
                " or choose another one."
            ) from error


def picture_name() -> str:
    """A file name that nobody can guess and no two pictures share, however alike they are."""
    return secrets.token_hex(16) + ".webp"


def picture_of(person: Any, build: Callable[..., str]) -> str:
    """The address of a picture, which `build` makes like `url_for`; of the initials until then."""
    if person.picture:
        return build("users.picture", name=person.picture)
    return build("users.initials", username=person.username)


def initials_svg(name: str) -> str:
    """Draw a whole SVG file: the first letters of the name's first and last part on its own colour.

    Only letters and digits of the name are used, so there is nothing to escape. The colour is the
    same for every case of the name; white on it keeps WCAG 2.2's 4.5:1 (1.4.3) for every hue.
    """
    parts = re.findall(r"[^\W_]+", name) or ["?"]
    initials = "".join(part[0].upper()[0] for part in parts[:1] + parts[1:][-1:])
    digest = hashlib.sha256(name.casefold().encode()).digest()
    hue = int.from_bytes(digest[:4]) % 360
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIZE}" height="{SIZE}"'
        f' viewBox="0 0 {SIZE} {SIZE}">'
        f'<rect width="{SIZE}" height="{SIZE}" fill="{_dark(hue)}"/>'
        f'<text x="50%" y="50%" fill="#fff" font-family="system-ui, sans-serif" font-size="52"'
        f' font-weight="600" text-anchor="middle" dominant-baseline="central">{initials}</text>'
        "</svg>"
    )


def _dark(hue: int) -> str:
    channels = colorsys.hls_to_rgb(hue / 360, 0.28, 0.55)
    return "#" + "".join(f"{round(255 * channel):02x}" for channel in channels)


def _square(data: bytes) -> bytes:
    picture = bare_picture(data)
    if picture is None:
        raise PictureError(
            "This file is not a JPEG, PNG or WebP picture; please save it as one of these and try"
            " again."
        )
    with Image.open(BytesIO(picture.data), formats=[picture.format]) as image:
        if image.width * image.height > MAX_PIXELS:
            raise _too_many_pixels()
        small = _shrunk(image)
    if picture.orientation in _UPRIGHT:
        small = small.transpose(_UPRIGHT[picture.orientation])
    square = Image.new("RGB", small.size, _GROUND)
    square.paste(small, mask=small if small.mode == "RGBA" else None)
    encoded = BytesIO()
    square.save(encoded, "WEBP", quality=85, method=6)
    return encoded.getvalue()


def _shrunk(image: Image.Image) -> Image.Image:
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
        f"This picture has more than {MAX_PIXELS // 10**6} megapixels; please make it smaller and"
        " try again."
    )
