"""What a file says about its colors beside an ICC profile: PNG's chunks (third edition), and the
code points of AVIF and HEIC.
"""

import io
import struct
from collections.abc import Iterator

from PIL import ImageFile

from . import color_profile
from .color_profile import BT_709, SRGB_CURVE
from .errors import UnsupportedPicture

# What PNG writes for sRGB is 0.45455; who means that is not to get another curve. libpng takes the
# same for equal.
_SRGB_GAMMA, _ABOUT = 0.45455, 0.05
_NCLX = b"colrnclx"
_FULL_RANGE = 1


def of_png(image: ImageFile.ImageFile, data: io.BytesIO) -> bytes | None:
    """The ICC profile to use: the first of cICP, iCCP, sRGB, and gAMA with cHRM counts.

    Raises UnsupportedPicture for HDR, and for narrow range.
    """
    chunks = dict(_chunks(data))
    cicp = chunks.get(b"cICP", b"")
    if len(cicp) == 4:
        primaries, transfer, matrix, full_range = cicp
        found = color_profile.of_code_points(primaries, transfer) if matrix == 0 else None
        if found and full_range != _FULL_RANGE:
            raise UnsupportedPicture(
                "This is a PNG whose colors are of narrow range, which is not read here. Save it "
                "with full range (sRGB) and send that."
            )
        if found:
            return found
    if icc := image.info.get("icc_profile"):
        return bytes(icc)
    gamma, white_and_primaries = _number(chunks, b"gAMA", 1), _number(chunks, b"cHRM", 8)
    if b"sRGB" in chunks or not (gamma or white_and_primaries):
        return None
    curve = SRGB_CURVE
    if gamma and gamma[0] and abs(gamma[0] / _SRGB_GAMMA - 1) > _ABOUT:
        curve = (1 / gamma[0], 1.0, 0.0, 0.0, 0.0)
    gray = image.mode in ("1", "L", "LA") or image.mode.startswith("I")
    return color_profile.profile(white_and_primaries or BT_709, curve, gray)


def of_boxes(data: io.BytesIO) -> bytes | None:
    """The profile of the code points in an AVIF's or a HEIC's `colr` box, where it has such.

    Raises UnsupportedPicture for HDR.
    """
    with data.getbuffer() as file:
        head = bytes(file[:65_536])
    at = head.find(_NCLX)
    if at < 0 or len(head) < at + len(_NCLX) + 4:
        return None
    return color_profile.of_code_points(*struct.unpack_from(">HH", head, at + len(_NCLX)))


def _chunks(data: io.BytesIO) -> Iterator[tuple[bytes, bytes]]:
    """The chunks before the pixels."""
    with data.getbuffer() as file:
        at = 8
        while at + 8 <= len(file):
            length, name = struct.unpack_from(">I4s", file, at)
            if name == b"IDAT":
                return
            yield name, bytes(file[at + 8 : at + 8 + min(length, 32)])
            at += 12 + length


def _number(chunks: dict[bytes, bytes], name: bytes, count: int) -> tuple[float, ...]:
    chunk = chunks.get(name, b"")
    if len(chunk) != 4 * count:
        return ()
    return tuple(number / 100_000 for number in struct.unpack(f">{count}I", chunk))
