"""A photo's own luminance with other colors, at full size, in strips and on all cores."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

from .color_planes import ColorPlanes
from .color_table import ColorTable, color_table
from .lab import Bytes, Floats
from .strips import Buffers

# Pixels at a time: so many that what they need stays in a core's cache. The threads of a large
# picture take turns at the interpreter lock, so theirs are longer; but a matrix product of over
# 1,048,576 multiplications has OpenBLAS start threads of its own.
_STRIP_PIXELS, _THREADS_STRIP_PIXELS = 40_960, 163_840
# From here on threads pay; at 400x400 nothing is gained.
_THREADED_PIXELS = 500_000
_CORES = os.cpu_count() or 1
_threads = ThreadPoolExecutor(_CORES, thread_name_prefix="merge")


def colorize(picture: Image.Image | Bytes, ab: Floats) -> Bytes:
    """The sRGB picture [H,W,3] with the luminance of `picture` and the color of `ab`.

    `picture` is an image of mode L or RGB, or sRGB [H,W,3] or gray [H,W], 0…255; `ab` is CIE a*, b*
    [h,w,2] of any smaller size, scaled up smoothly. A color that sRGB cannot show at its pixel's
    luminance is moved straight toward the gray of that luminance, in linear light, until it fits:
    hue gives way a little, luminance does not. What comes back has the luminance of `picture` to
    within one 8-bit level.
    """
    if not isinstance(picture, Image.Image):
        picture = Image.fromarray(picture)
    width, height = picture.size
    threaded = width * height >= _THREADED_PIXELS
    rows = max(1, (_THREADS_STRIP_PIXELS if threaded else _STRIP_PIXELS) // width)
    colored = np.empty((height, width, 3), np.uint8)
    colors = _colors(picture, ab) if threaded else ColorPlanes(ab, width, height)

    def color_band(top: int, bottom: int) -> None:
        buffers = Buffers.of(rows * width)
        for start in range(top, bottom, rows):
            strip = slice(start, min(start + rows, bottom))
            count = (strip.stop - start) * width
            colors.color(_rows(picture, strip), strip, buffers.first(count), colored[strip])

    if threaded:
        edges = [height * band // _CORES for band in range(_CORES + 1)]
        list(_threads.map(color_band, edges[:-1], edges[1:]))
    else:
        color_band(0, height)
    return colored


def _colors(picture: Image.Image, ab: Floats) -> ColorPlanes | ColorTable:
    """The faster way for a large picture."""
    table = color_table(ab, *picture.size, gray=picture.mode == "L")
    if table is None:
        return ColorPlanes(ab, *picture.size)
    list(_threads.map(table.compute, table.chunks()))
    return table


def _rows(picture: Image.Image, rows: slice) -> Bytes:
    """Some rows of the picture, gray [H,W] or RGBX [H,W,4]; no more than these are ever copied."""
    strip = picture.crop((0, rows.start, picture.width, rows.stop))
    if picture.mode == "L":
        return np.asarray(strip)
    pixels = np.frombuffer(strip.tobytes("raw", "RGBX"), np.uint8)
    return pixels.reshape(strip.height, strip.width, 4)
