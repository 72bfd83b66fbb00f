"""JPEG 2000 (ISO/IEC 15444-1): what color its numbers are, which Pillow does not ask in full."""

import io
import struct

from .errors import UnsupportedPicture

_CMYK, _SRGB, _GRAY, _SYCC = 12, 16, 17, 18


def color_profile(data: io.BytesIO) -> bytes | None:
    """The ICC profile of the first color box, where it has one.

    Raises UnsupportedPicture for color spaces that would be decoded wrongly.
    """
    file = data.getvalue()
    if file[4:8] != b"jP  ":
        return None  # a bare codestream tells none
    for name, box in _boxes(file):
        if name != b"jp2h":
            continue
        for inner, color in _boxes(box):
            if inner != b"colr" or len(color) < 7:
                continue
            if color[0] == 1:
                (space,) = struct.unpack_from(">I", color, 3)
                if space not in (_CMYK, _SRGB, _GRAY, _SYCC):
                    raise UnsupportedPicture(
                        f"This JPEG 2000 file is of color space {space}, which is not read here. "
                        "Save it as sRGB, or as PNG."
                    )
                return None
            if color[0] in (2, 3):
                return color[3:]
    return None


def _boxes(file: bytes) -> list[tuple[bytes, bytes]]:
    """The boxes of a file, or of a box: name and content. What is cut short ends the list."""
    found = []
    at = 0
    while at + 8 <= len(file):
        size, name = struct.unpack_from(">I4s", file, at)
        head = 8
        if size == 1 and at + 16 <= len(file):
            (size,) = struct.unpack_from(">Q", file, at + 8)
            head = 16
        size = size or len(file) - at
        if size < head:
            break
        if name in (b"jp2h", b"colr"):
            found.append((name, file[at + head : at + size]))
        at += size
    return found
