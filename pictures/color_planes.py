"""A picture in color by arithmetic: color at any place of it, and there the sRGB of every pixel."""

import numpy as np
from PIL import Image

from . import strips
from .lab import Bytes, Floats
from .strips import Buffers

# Pixels at a time: only few rows of the network's come around them, and to multiply so few OpenBLAS
# starts no threads of its own.
_PIECE = 8_192


class ColorPlanes:
    """The network's a*/500 and -b*/200, ready to be read at any row of a picture.

    Cubic interpolation (Pillow's, in C) to the full width here, and to each row as it is read, by
    the weights of the few rows that came around it: the full-size planes never exist.
    """

    def __init__(self, ab: Floats, width: int, height: int):
        rows = ab.shape[0]
        self._planes = [
            _scaled(ab[..., axis] / np.float32(divisor), width, rows)
            for axis, divisor in enumerate(strips.AB_DIVISORS)
        ]
        self._weights = _scaled(np.eye(rows, dtype=np.float32), rows, height)
        counts = self._weights != 0.0
        self._first, self._last = counts.argmax(axis=1), rows - counts[:, ::-1].argmax(axis=1)

    def read(self, rows: slice, out: Floats) -> None:
        """Write rows of both into `out` [2,rows,width]."""
        step = max(1, _PIECE // out.shape[2])
        for start in range(rows.start, rows.stop, step):
            piece = slice(start, min(start + step, rows.stop))
            around = slice(self._first[piece].min(), self._last[piece].max())
            for plane, each in zip(self._planes, out, strict=True):
                into = each[piece.start - rows.start : piece.stop - rows.start]
                np.matmul(self._weights[piece, around], plane[around], out=into)

    def color(self, pixels: Bytes, rows: slice, buffers: Buffers, out: Bytes) -> None:
        """Color the strip `pixels`, which is `rows` of the picture, into `out` [rows,W,3]."""
        y16 = strips.luminance(pixels, buffers)
        self.read(rows, buffers.color.reshape(2, *pixels.shape[:2]))
        strips.srgb(y16, buffers, out)


def _scaled(plane: Floats, width: int, height: int) -> Floats:
    image = Image.fromarray(np.ascontiguousarray(plane))
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))
