"""What a JPEG, PNG or WebP file holds beside the picture itself, taken away before decoding.

A decoder reads every text, profile, frame and scan that it is given: a few kilobytes can cost it
gigabytes or hours. So it is given a new file with the picture alone.
"""

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

MAX_PARTS = 10_000  # 8 MiB in the 4 KiB chunks of the most cautious PNG encoders are 2,048
MAX_SCANS = 50  # libjpeg's own progressive script has 10; each one walks over the whole picture

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = {b"IHDR", b"PLTE", b"tRNS", b"IDAT"}
_WEBP_KEPT = {b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"}

# ITU-T T.81, table B.1: the markers, of which D0 to D7 (restart) belong to the scan around them.
_JPEG_MARKER = re.compile(rb"\xff([\xc0-\xcf\xd8-\xfe])")
_EOI, _SOS, _APP1 = 0xD9, 0xDA, 0xE1
_JPEG_DROPPED = {*range(0xE1, 0xEE), 0xEF, *range(0xF0, 0xFF)}  # not APP0 JFIF and APP14 Adobe

_EXIF_HEADER = b"Exif\0\0"
_ORIENTATION_TAG = 0x0112


class Picture(NamedTuple):
    """One still picture: `data` is a whole file of `format`, Pillow's name, without metadata.

    `orientation` is what EXIF says: 1 (upright) to 8, though a file may hold any number.
    """

    format: str
    data: bytes
    orientation: int


def bare_picture(data: bytes) -> Picture | None:
    """Find the format by its signature and keep the picture alone; None for any other format.

    Raises ValueError or struct.error where the file breaks off, and ValueError where it has more
    parts than any encoder writes.
    """
    if data.startswith(b"\xff\xd8\xff"):
        return _bare_jpeg(data)
    if data.startswith(_PNG_SIGNATURE):
        return _bare_png(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _bare_webp(data)
    return None


def _bare_jpeg(data: bytes) -> Picture:
    kept = [b"\xff\xd8"]
    exif = b""
    scans = 0
    for marker, segment in _jpeg_segments(data):
        if marker == _APP1 and segment[4:10] == _EXIF_HEADER:
            exif = exif or segment[4:]
        elif marker not in _JPEG_DROPPED:
            kept.append(segment)
        scans += marker == _SOS
    if scans > MAX_SCANS:
        raise ValueError(f"{scans} scans")
    return Picture("JPEG", b"".join([*kept, b"\xff\xd9"]), _orientation(exif))


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    position = 2
    for _ in range(MAX_PARTS):
        match = _JPEG_MARKER.search(data, position)
        if match is None:
            raise ValueError("no end of image")
        marker = match[1][0]
        if marker == _EOI:
            return
        start = match.start()
        if start + 4 > len(data):
            raise ValueError("segment breaks off")
        position = start + 2 + int.from_bytes(data[start + 2 : start + 4])
        if marker == _SOS:
            following = _JPEG_MARKER.search(data, position)
            position = following.start() if following else len(data)
        yield marker, data[start:position]
    raise ValueError("too many segments")


def _bare_png(data: bytes) -> Picture:
    kept = [_PNG_SIGNATURE]
    exif = b""
    for kind, chunk in _png_chunks(data):
        if kind == b"eXIf":
            exif = chunk[8:-4]
        elif kind in _PNG_KEPT:
            kept.append(chunk)
        elif kind == b"IEND":
            kept.append(chunk)
            break
    return Picture("PNG", b"".join(kept), _orientation(exif))


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = len(_PNG_SIGNATURE)
    for _ in range(MAX_PARTS):
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 8 + length + 4
        yield kind, data[position:end]
        position = end
    raise ValueError("too many chunks")


def _bare_webp(data: bytes) -> Picture:
    kept: dict[bytes, bytes] = {}  # the first of each kind: of an animation, its first frame
    exif = b""
    for kind, chunk in _webp_chunks(data):
        if kind == b"EXIF":
            exif = chunk[8:]
        elif kind in _WEBP_KEPT:
            kept.setdefault(kind, chunk)
    body = b"".join([b"WEBP", *kept.values()])
    return Picture("WEBP", b"RIFF" + struct.pack("<I", len(body)) + body, _orientation(exif))


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 12
    riff_end = 8 + int.from_bytes(data[4:8], "little")
    for _ in range(MAX_PARTS):
        if position >= riff_end:
            return
        kind, length = struct.unpack_from("<4sI", data, position)
        end = position + 8 + length
        if end > len(data):
            raise ValueError("chunk breaks off")
        padded = end + length % 2
        yield kind, data[position:padded]
        position = padded
    raise ValueError("too many chunks")


def _orientation(exif: bytes) -> int:
    """Read one EXIF tag of the first directory and nothing else; broken EXIF counts as upright."""
    tiff = exif.removeprefix(_EXIF_HEADER)
    order = "<" if tiff.startswith(b"II") else ">"
    try:
        (directory,) = struct.unpack_from(f"{order}4xI", tiff)
        (entries,) = struct.unpack_from(f"{order}H", tiff, directory)
        for entry in range(entries):
            tag, value = struct.unpack_from(f"{order}H6xH", tiff, directory + 2 + 12 * entry)
            if tag == _ORIENTATION_TAG:
                return int(value)
    except struct.error:
        return 1
    return 1
