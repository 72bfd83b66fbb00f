"""Color by lookup, for large pictures: few colors, each at every level of luminance.

What a network of 256 pixels gives has, scaled up, some thousand colors that can be told apart.
Their sRGB is a table, and every pixel of the picture is an entry of it.
"""

import numpy as np
import numpy.typing as npt

from . import strips
from .color_planes import ColorPlanes
from .lab import GRAY_LUMINANCE, Bytes, Floats, Shorts, linear_from_srgb, srgb_from_linear
from .strips import Buffers

# a* and b* are rounded to multiples of this. Squares of so many pixels a side have one color, where
# a pixel of the network is so many squares wide and high. Of what is computed pixel by pixel that
# comes within one 8-bit level, but for a few pixels in a thousand at the edges of strong colors.
_STEP = 0.5
_SIDE, _LEAST_SQUARES = 4, 4
# An entry takes as long to compute as a pixel, and less than half of that to look up.
_MOST_ENTRIES_PER_PIXEL = 0.5
# Entries at a time: many, as threads take turns at the interpreter lock.
_CHUNK = 131_072

# Gray pixels have 256 luminances; those of others are rounded to half levels of gray.
_HALVES = 511
_HALF_LEVEL = np.rint(
    (_HALVES - 1) * srgb_from_linear(np.arange(65_536) / 65_535.0)
).astype(np.uint16)  # fmt: skip
_HALF_LEVEL_LUMINANCE = np.rint(
    65_535.0 * linear_from_srgb(np.arange(_HALVES) / (_HALVES - 1.0))
).astype(np.uint16)  # fmt: skip


def color_table(ab: Floats, width: int, height: int, gray: bool) -> "ColorTable | None":
    """The table for CIE a*, b* [h,w,2] and a picture of that size, still to be computed; None where
    to compute the pixels themselves is faster, or better.
    """
    # The last squares may reach beyond the picture: all are that much larger than they seem.
    columns, rows = -(-width // _SIDE), -(-height // _SIDE)
    if min(columns / ab.shape[1], rows / ab.shape[0]) < _LEAST_SQUARES:
        return None
    colors, number = _distinct(ab, columns, rows)
    luminance = GRAY_LUMINANCE if gray else _HALF_LEVEL_LUMINANCE
    if colors.shape[1] * len(luminance) > _MOST_ENTRIES_PER_PIXEL * width * height:
        return None
    return ColorTable(colors, number, luminance)


def _distinct(ab: Floats, columns: int, rows: int) -> tuple[Floats, npt.NDArray[np.intp]]:
    """The colors that occur, as `Buffers.color` has them [2,N], and each square's number of them
    [rows,columns].
    """
    planes, colors = ColorPlanes(ab, columns, rows), np.empty((2, rows * columns), np.float32)
    planes.read(slice(0, rows), colors.reshape(2, rows, columns))
    step = np.float32(_STEP) / strips.AB_DIVISORS[:, None]
    np.rint(np.divide(colors, step, out=colors), out=colors)
    least = colors.min(axis=1, keepdims=True)
    # In place: new memory costs more than the arithmetic.
    a, b = np.subtract(colors, least, out=colors)
    count = b.max() + 1
    place = np.add(np.multiply(a, count, out=a), b, out=a).astype(np.intp)
    occurs = np.bincount(place) > 0
    distinct = (np.divmod(np.flatnonzero(occurs), count) + least) * step
    return distinct, (np.cumsum(occurs) - 1)[place].reshape(rows, columns)


class ColorTable:
    """sRGB of `colors`, as `Buffers.color` has them [2,N], at each `luminance`, for a picture whose
    squares have the colors of these numbers.
    """

    def __init__(self, colors: Floats, number: npt.NDArray[np.intp], luminance: Shorts):
        self._colors, self._luminance = colors, luminance
        self._entries = np.empty((colors.shape[1], len(luminance), 4), np.uint8)
        # Where the entries of each square begin, in place of its number: new memory costs time.
        self._begin = np.multiply(number, len(luminance), out=number)

    def chunks(self) -> list[slice]:
        """What `compute` is to be called for."""
        step = _CHUNK // len(self._luminance)
        return [slice(start, start + step) for start in range(0, len(self._entries), step)]

    def compute(self, chunk: slice) -> None:
        """Compute the entries of some colors."""
        entries = self._entries[chunk]
        shape = entries.shape[:2]
        buffers = Buffers.of(shape[0] * shape[1])
        y16 = buffers.shorts[0]
        np.copyto(y16.reshape(shape), self._luminance)
        np.copyto(buffers.color.reshape(2, *shape), self._colors[:, chunk, None])
        strips.srgb(y16, buffers, entries)

    def color(self, pixels: Bytes, rows: slice, buffers: Buffers, out: Bytes) -> None:
        """Color the strip `pixels`, which is `rows` of the picture, into `out` [rows,W,3]."""
        shape = pixels.shape[:2]
        index, level = buffers.index, buffers.shorts[0]
        if pixels.ndim == 2:
            level = pixels
        else:
            np.copyto(index, strips.luminance(pixels, buffers))
            np.take(_HALF_LEVEL, index, out=level, mode="clip")
        squares = self._begin[np.arange(rows.start, rows.stop) // _SIDE]
        begin = np.repeat(squares, _SIDE, axis=1)[:, : shape[1]]
        np.add(begin, level.reshape(shape), out=index.reshape(shape))
        entry = buffers.floats[0].view(np.uint32)
        np.take(self._entries.view(np.uint32), index, out=entry, mode="clip")
        channels = entry.view(np.uint8).reshape(*shape, 4)
        for channel in range(3):
            np.copyto(out[..., channel], channels[..., channel])
