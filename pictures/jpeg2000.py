"""JPEG 2000 (ISO/IEC 15444-1): depth and color space, which Pillow does not fully check."""

import io
import struct

from .errors import UnsupportedPicture

_CMYK, _SRGB, _GRAY, _SYCC = 12, 16, 17, 18
_CODESTREAM = b"\xff\x4f\xff\x51"  # SOC, then at once SIZ
_COMPONENTS_AT = 40  # in the codestream: their number, then three bytes for each


def check_depth(data: io.BytesIO) -> None:
    """Raises UnsupportedPicture for samples that Pillow scales wrongly: of less than 8 bits, and
    color or alpha of more, whose white it turns into black.
    """
    file = data.getvalue()
    start = file.find(_CODESTREAM)
    if start < 0 or len(file) < start + _COMPONENTS_AT + 2:
        return  # broken, as its decoder will say
    (count,) = struct.unpack_from(">H", file, start + _COMPONENTS_AT)
    first = start + _COMPONENTS_AT + 2
    sizes = file[first : first + 3 * count : 3]
    if not sizes or len(sizes) < count:
        return
    depths = {(size & 0x7F) + 1 for size in sizes}
    if depths == {8} or (count == 1 and min(depths) > 8):
        return
    raise UnsupportedPicture(
        f"This JPEG 2000 file has {count} samples a pixel, of "
        f"{' and '.join(map(str, sorted(depths)))} bits, which is not read here. "
        "Save it with 8 bits, or as PNG or TIFF."
    )


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
