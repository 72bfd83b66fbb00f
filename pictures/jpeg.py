"""JPEG (ITU-T T.81): truncated files, and unsupported variants."""

import io

import numpy as np
from PIL import Image, ImageFile

from .errors import UnsupportedPicture, broken

_END = b"\xff\xd9"
# What libjpeg fills blocks with that never came: no color, middle gray.
_GAP = 128
# Of the lines so many must be there. A photo that lacks more is damaged; viewers show a gray field.
_LEAST_PART = 0.75


def variant(data: io.BytesIO) -> None:
    """Raises UnsupportedPicture where the frame header says what Pillow does not read."""
    file = data.getbuffer()
    at = 2
    while at + 9 < len(file) and file[at] == 0xFF:
        marker = file[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            precision, layers = file[at + 4], file[at + 9]
            if precision != 8:
                raise _unsupported(f"of {precision} bits")
            if layers not in (1, 3, 4):
                raise _unsupported(f"of {layers} channels")
            return
        at += 2 + int.from_bytes(file[at + 2 : at + 4], "big")


def _unsupported(what: str) -> UnsupportedPicture:
    return UnsupportedPicture(
        f"This JPEG is {what}, which is not read here. Save it as an 8-bit gray or color JPEG, or "
        "as PNG."
    )


def without_end(data: io.BytesIO) -> tuple[ImageFile.ImageFile, bool]:
    """A JPEG that breaks off, decoded as far as it goes, and whether anything but the mark of its
    end is missing. Raises BrokenPicture where more of its lines are missing than a viewer's gray
    field should stand for.
    """
    image = _ended(data, b"")
    pixels = np.asarray(image)
    lines = pixels.reshape(len(pixels), -1)
    last = len(lines) - 1
    while last >= 0 and np.abs(lines[last].astype(np.int16) - _GAP).max() <= 1:
        last -= 1
    if last + 1 < _LEAST_PART * len(lines):
        raise broken()
    # Where all pixels are there, nobody looks at what comes behind them; else these bits are some.
    truncated = not np.array_equal(pixels, np.asarray(_ended(data, b"\xaa" * 64)))
    return image, truncated


def _ended(data: io.BytesIO, before: bytes) -> ImageFile.ImageFile:
    """The file with an end put behind it, which libjpeg then decodes as far as it goes."""
    image = Image.open(io.BytesIO(data.getvalue() + before + _END), formats=("JPEG",))
    assert isinstance(image, ImageFile.ImageFile)
    image.load()
    return image
