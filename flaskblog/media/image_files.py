"""Removal of metadata from JPEG, PNG and WebP files before they are decoded.

Decoders read every text chunk, profile, frame and scan of a file: a few kilobytes can cost
gigabytes or hours. They receive a new file with the pixels of one picture only.
"""

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

MAX_PARTS = 10_000  # 8 MiB in the smallest usual PNG chunks, 4 KiB, are 2,048
MAX_SCANS = 50  # libjpeg writes 10 for a progressive picture; decoding each visits all pixels

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = {b"IHDR", b"PLTE", b"tRNS", b"IDAT"}
_WEBP_KEPT = {b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"}

# ITU-T T.81, table B.1: all markers but D0 to D7 (restart), which are part of a scan.
_JPEG_MARKER = re.compile(rb"\xff([\xc0-\xcf\xd8-\xfe])")
_EOI, _SOS, _APP1 = 0xD9, 0xDA, 0xE1
_JPEG_DROPPED = {*range(0xE1, 0xEE), 0xEF, *range(0xF0, 0xFF)}  # not APP0 JFIF and APP14 Adobe

_EXIF_HEADER = b"Exif\0\0"
_ORIENTATION_TAG = 0x0112


class StrippedFile(NamedTuple):
    """A file of one still picture without metadata; `format` is Pillow's name.

    `orientation` is the EXIF tag, not validated: 1 (upright) to 8 are defined. `scans` counts the
    passes of a JPEG.
    """

    format: str
    data: bytes
    orientation: int
    scans: int = 1


def strip_metadata(data: bytes) -> StrippedFile | None:
    """Detect the format by its signature and strip the file; None for other formats.

    Raises ValueError or struct.error for a truncated file or an implausible number of parts.
    """
    if data.startswith(b"\xff\xd8\xff"):
        return _strip_jpeg(data)
    if data.startswith(_PNG_SIGNATURE):
        return _strip_png(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _strip_webp(data)
    return None


def _strip_jpeg(data: bytes) -> StrippedFile:
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
    return StrippedFile("JPEG", b"".join([*kept, b"\xff\xd9"]), _orientation(exif), scans)


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
            raise ValueError("truncated segment")
        position = start + 2 + int.from_bytes(data[start + 2 : start + 4])
        if marker == _SOS:
            following = _JPEG_MARKER.search(data, position)
            position = following.start() if following else len(data)
        yield marker, data[start:position]
    raise ValueError("too many segments")


def _strip_png(data: bytes) -> StrippedFile:
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
    return StrippedFile("PNG", b"".join(kept), _orientation(exif))


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = len(_PNG_SIGNATURE)
    for _ in range(MAX_PARTS):
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 8 + length + 4
        yield kind, data[position:end]
        position = end
    raise ValueError("too many chunks")


def _strip_webp(data: bytes) -> StrippedFile:
    kept: dict[bytes, bytes] = {}  # first chunk of each kind: of an animation, the first frame
    exif = b""
    for kind, chunk in _webp_chunks(data):
        if kind == b"EXIF":
            exif = chunk[8:]
        elif kind in _WEBP_KEPT:
            kept.setdefault(kind, chunk)
    body = b"".join([b"WEBP", *kept.values()])
    return StrippedFile("WEBP", b"RIFF" + struct.pack("<I", len(body)) + body, _orientation(exif))


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 12
    riff_end = 8 + int.from_bytes(data[4:8], "little")
    for _ in range(MAX_PARTS):
        if position >= riff_end:
            return
        kind, length = struct.unpack_from("<4sI", data, position)
        end = position + 8 + length
        if end > len(data):
            raise ValueError("truncated chunk")
        padded = end + length % 2
        yield kind, data[position:padded]
        position = padded
    raise ValueError("too many chunks")


def _orientation(exif: bytes) -> int:
    """Read the orientation tag of the first directory; 1 if missing or malformed."""
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
