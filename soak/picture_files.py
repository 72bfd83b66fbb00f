"""Whole picture files, and the pieces from which broken ones are made."""

import io
import struct
import zlib
from dataclasses import dataclass
from functools import cache

from PIL import Image
from pillow_heif import register_heif_opener

from soak.good_photos import small_photos

register_heif_opener()
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "PPM", "AVIF", "JPEG2000", "HEIF")
PNG_START = b"\x89PNG\r\n\x1a\n"
BOMB_BYTES = 64_000_000


@dataclass(frozen=True)
class Picture:
    """A file; `size` (width, height) where it can be read, `gray` a level that its first frame has
    everywhere, where it has one.
    """

    file: bytes
    size: tuple[int, int] | None = None
    gray: int | None = None


@cache
def whole_file(kind: str) -> bytes:
    """A small whole photo in that format."""
    photo = Image.open(io.BytesIO(small_photos(96, 1)["admiral"]))
    return saved(photo.convert("RGB"), kind)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """The picture as a file of that format."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def chunk(name: bytes, data: bytes, checksum: int | None = None) -> bytes:
    """A chunk of a PNG file."""
    crc = zlib.crc32(name + data) if checksum is None else checksum
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", crc)


def png_header(width: int, height: int, depth: int = 8, color: int = 0) -> bytes:
    """How a PNG file of that size starts."""
    fields = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    return PNG_START + chunk(b"IHDR", fields)


@cache
def bomb() -> bytes:
    """A zlib stream of zeros that is a thousandth of what it holds."""
    return zlib.compress(bytes(BOMB_BYTES), 9)
