"""Picture files as people and attackers send them, made byte by byte where no encoder would."""

import struct
import zlib
from io import BytesIO

from PIL import Image

SECRET = b"48.85837 N, 2.29448 E"
CORNERS = ("red", "lime", "blue", "yellow")  # top left, top right, bottom left, bottom right


def encoded(image: Image.Image, file_format: str, **options: object) -> bytes:
    stream = BytesIO()
    image.save(stream, file_format, **options)
    return stream.getvalue()


def plain(
    mode: str = "RGB", colour: object = "red", size: tuple[int, int] = (40, 30)
) -> Image.Image:
    return Image.new(mode, size, colour)  # type: ignore[arg-type]  # any mode's own kind of colour


def palette() -> Image.Image:
    return plain().quantize(4)


def four_corners() -> Image.Image:
    image = Image.new("RGB", (200, 200))
    for index, colour in enumerate(CORNERS):
        left, top = 100 * (index % 2), 100 * (index // 2)
        image.paste(colour, (left, top, left + 100, top + 100))
    return image


def turned(orientation: int) -> Image.Image:
    """Four corners as a camera stores them that says `orientation`."""
    stored_by_camera = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    if orientation == 1:
        return four_corners()
    return four_corners().transpose(stored_by_camera[orientation])


def animation(file_format: str) -> bytes:
    return encoded(
        plain(colour="red"), file_format, save_all=True, append_images=[plain(colour="blue")] * 3
    )


def exif(orientation: int, order: str = "<") -> bytes:
    """EXIF of two tags: a description that holds the secret, and the orientation."""
    mark = b"II" if order == "<" else b"MM"
    description = struct.pack(f"{order}HHII", 270, 2, len(SECRET), 38)
    turn = struct.pack(f"{order}HHIHH", 274, 3, 1, orientation, 0)
    head = mark + struct.pack(f"{order}HIH", 42, 8, 2)
    return b"Exif\0\0" + head + description + turn + bytes(4) + SECRET


def exif_bomb() -> bytes:
    """60,000 tags that share one value of 6 MB: 360 GB for a reader that copies each."""
    tags = b"".join(struct.pack("<HHII", tag, 1, 6_000_000, 8) for tag in range(300, 60_300))
    return b"II" + struct.pack("<HIH", 42, 8, 60_000) + tags + bytes(6_000_000)


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_with(*chunks: bytes) -> bytes:
    """A PNG with more chunks after its header."""
    data = encoded(plain(), "PNG")
    return data[:33] + b"".join(chunks) + data[33:]


def png_with_right_checksums(data: bytes) -> bytes:
    """Checksums done again after a change, or a decoder would look at nothing else."""
    chunks = [data[:8]]
    position = 8
    while position + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, position)
        end = position + 8 + length
        chunks.append(png_chunk(data[position + 4 : position + 8], data[position + 8 : end]))
        position = end + 4
    return b"".join(chunks)


def png_of(width: int, height: int) -> bytes:
    """A black picture of 1 bit a pixel, which may be far larger than memory."""
    rows = zlib.compress(bytes((width // 8 + 2) * height), 9)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = [png_chunk(b"IHDR", header), png_chunk(b"IDAT", rows), png_chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def jpeg_segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def jpeg_with(*segments: bytes) -> bytes:
    """A JPEG with more segments after its start."""
    data = encoded(plain(), "JPEG")
    return data[:2] + b"".join(segments) + data[2:]


def rgb_jpeg() -> bytes:
    """A JPEG of which Adobe's segment alone tells that its channels are red, green and blue."""
    data = encoded(plain(), "JPEG", keep_rgb=True)
    frame = data.replace(b"R\x11\0G\x11\0B\x11\0", b"\1\x11\0\2\x11\0\3\x11\0")
    return frame.replace(b"\3R\0G\0B\0", b"\3\1\0\2\0\3\0")


def jpeg_of_scans(scans: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    data = encoded(plain(size=(400, 400)), "JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last * (scans - data.count(b"\xff\xda")) + b"\xff\xd9"


def webp_chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def webp(*chunks: bytes) -> bytes:
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_of(width: int, height: int) -> bytes:
    """A lossless picture of one colour: it has no bits for its pixels, so any size fits."""
    small = encoded(plain(size=(8, 8)), "WEBP", lossless=True)
    (bits,) = struct.unpack_from("<I", small, 21)
    bits = bits >> 28 << 28 | (height - 1) << 14 | (width - 1)
    return small[:21] + struct.pack("<I", bits) + small[25:]


def deflated_zeros(length: int) -> bytes:
    compressor = zlib.compressobj(9)
    block = bytes(1_000_000)
    blocks = [compressor.compress(block) for _ in range(length // len(block))]
    return b"".join([*blocks, compressor.flush()])
