"""Color math: a photo's own lightness with other colors.

CIE L*a*b* after CIE 15:2004, for the white point D65 and the primaries of sRGB (IEC 61966-2-1), in
float32. Everything at full resolution runs in strips, in buffers that fit a core's cache.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
from PIL import Image

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

# IEC 61966-2-1, with the white point x, y = 0.3127, 0.3290.
XYZ_FROM_LINEAR = np.array(
    [
        [0.4123908, 0.3575843, 0.1804808],
        [0.2126390, 0.7151687, 0.0721923],
        [0.0193308, 0.1191948, 0.9505322],
    ]
)
WHITE = XYZ_FROM_LINEAR.sum(axis=1)
# Linear light to X/Xn, Y, Z/Zn.
_RATIO_FROM_LINEAR = (XYZ_FROM_LINEAR / WHITE[:, None]).T.astype(np.float32)

# Where the cube root of L*a*b* gives way to a straight line, and that line's slope.
KNEE = 6.0 / 29.0
SLOPE = 3.0 * KNEE**2

# Pixels at a time: about ten float32 buffers of this length stay in a core's second-level cache.
STRIP_PIXELS = 16_384
# From here on threads pay, which want longer strips (they take turns at the interpreter lock): 100
# ms instead of 180 at 12 megapixels on two cores, and nothing gained at 400x400. Not too long: a
# matrix product of over 262,144 multiplications has OpenBLAS start threads of its own.
THREADED_PIXELS = 500_000
THREADED_STRIP_PIXELS = 40_960
_CORES = os.cpu_count() or 1
_threads = ThreadPoolExecutor(_CORES, thread_name_prefix="lab")


def _linear_from_srgb(encoded: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def _srgb_from_linear(linear: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(
        linear <= 0.0031308, linear * 12.92, 1.055 * np.maximum(linear, 0) ** (1 / 2.4) - 0.055
    )


def _lightness_root(luminance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(luminance > KNEE**3, np.cbrt(luminance), luminance / SLOPE + 4.0 / 29.0)


_LINEAR = _linear_from_srgb(np.arange(256) / 255.0)
# Luminance as an integer, 65535 for white: each channel's share by its 8-bit value. The shares of
# white are made to add up to 65535 exactly. One level near black is 20 units.
_FULL = np.array([13_936.0, 46_868.0, 4_731.0])
_SHARES = tuple(np.rint(share * _LINEAR).astype(np.uint16) for share in _FULL)
_GRAY_LUMINANCE = np.rint(65_535.0 * _LINEAR).astype(np.uint16)
# f(Y) of L*a*b*, by that integer.
_ROOT = _lightness_root(np.arange(65_536) / 65_535.0).astype(np.float32)
# sRGB by linear light in steps of 1/65530: a fortieth of a level where the curve is steepest. The
# five entries to spare catch what float32 adds to 1.0.
_STEPS = 65_530
_SRGB = np.rint(
    255.0 * _srgb_from_linear(np.minimum(np.arange(65_536) / _STEPS, 1.0))
).astype(np.uint8)  # fmt: skip

# What a pixel's color adds to its gray, in linear light: columns for X/Xn - Y and Z/Zn - Y. White
# maps to white, so the middle column cancels, and the rows weighted by luminance add up to 0.
_CHROMA = (np.linalg.inv(XYZ_FROM_LINEAR) * WHITE)[:, [0, 2]].astype(np.float32)


def luminance(pixels: Bytes) -> npt.NDArray[np.uint16]:
    """Relative luminance Y, 0…65535, of sRGB pixels [H,W,3] or gray ones [H,W] (0…255)."""
    if pixels.ndim == 2:
        return _GRAY_LUMINANCE[pixels]
    red, green, blue = (
        share[pixels[..., channel]] for channel, share in enumerate(_SHARES)
    )  # fmt: skip
    return red + green + blue


def lightness(pixels: Bytes) -> Floats:
    """CIE L*, 0…100, of sRGB pixels [H,W,3] or gray ones [H,W] (0…255)."""
    return _ROOT[luminance(pixels)] * np.float32(116.0) - np.float32(16.0)


def color(pixels: Bytes) -> Floats:
    """CIE a*, b* [H,W,2] of sRGB pixels [H,W,3] (0…255); for pictures of moderate size."""
    ratio = _LINEAR.astype(np.float32)[pixels] @ _RATIO_FROM_LINEAR
    x, y, z = np.moveaxis(_ROOT[np.rint(ratio * np.float32(65_535.0)).astype(np.uint16)], -1, 0)
    return np.stack([np.float32(500.0) * (x - y), np.float32(200.0) * (y - z)], axis=-1)


def colorize(picture: Image.Image | Bytes, ab: Floats) -> Bytes:
    """The sRGB picture [H,W,3] with the luminance of `picture` and the color of `ab`.

    `picture` is an image of mode L or RGB, or sRGB [H,W,3] or gray [H,W], 0…255; `ab` is CIE a*, b*
    [h,w,2] of any smaller size, scaled up smoothly. A color that sRGB cannot show at its pixel's
    luminance is moved straight toward the gray of that luminance, in linear light, until it fits:
    hue gives way a little, luminance does not. What comes back has the luminance of `picture` to
    within one 8-bit level.
    """
    if isinstance(picture, Image.Image):
        width, height = picture.size
    else:
        height, width = picture.shape[:2]
    colored = np.empty((height, width, 3), np.uint8)
    planes = _ColorPlanes(ab, width, height)
    threaded = width * height >= THREADED_PIXELS
    rows = max(1, (THREADED_STRIP_PIXELS if threaded else STRIP_PIXELS) // width)

    def color_band(top: int, bottom: int) -> None:
        buffers = _Buffers(rows * width)
        for start in range(top, bottom, rows):
            strip = slice(start, min(start + rows, bottom))
            _color_strip(_rows(picture, strip), planes, strip, buffers, colored[strip])

    if threaded:
        edges = [height * band // _CORES for band in range(_CORES + 1)]
        list(_threads.map(color_band, edges[:-1], edges[1:]))
    else:
        color_band(0, height)
    return colored


def _rows(picture: Image.Image | Bytes, rows: slice) -> Bytes:
    """Some rows of the picture; of an image no more than these are ever copied."""
    if isinstance(picture, Image.Image):
        return np.asarray(picture.crop((0, rows.start, picture.width, rows.stop)))
    return picture[rows]


class _Buffers:
    """Scratch arrays for strips of at most `pixels` pixels."""

    def __init__(self, pixels: int):
        self.index = np.empty(pixels, np.intp)
        self.bytes = np.empty(pixels, np.uint8)
        self.shorts = np.empty((2, pixels), np.uint16)
        self.floats = np.empty((8, pixels), np.float32)


class _ColorPlanes:
    """The network's a*/500 and -b*/200, ready to be read at any row of the full picture.

    Cubic interpolation (Pillow's, in C) to the full width here, and to each row as it is read, by
    the weights of the few rows that came around it: the full-size planes never exist.
    """

    def __init__(self, ab: Floats, width: int, height: int):
        rows = ab.shape[0]
        self.planes = [
            _scaled(np.ascontiguousarray(ab[..., axis]) / np.float32(divisor), width, rows)
            for axis, divisor in ((0, 500.0), (1, -200.0))
        ]
        self.weights = _scaled(np.eye(rows, dtype=np.float32), rows, height)
        counts = self.weights != 0.0
        self.first, self.last = counts.argmax(axis=1), rows - counts[:, ::-1].argmax(axis=1)

    def read(self, axis: int, rows: slice, out: Floats) -> None:
        """Write rows of plane `axis` into `out` [rows,width]."""
        around = slice(self.first[rows].min(), self.last[rows].max())
        np.matmul(self.weights[rows, around], self.planes[axis][around], out=out)


def _scaled(plane: Floats, width: int, height: int) -> Floats:
    return np.asarray(Image.fromarray(plane).resize((width, height), Image.Resampling.BICUBIC))


def _color_strip(
    pixels: Bytes, planes: _ColorPlanes, rows: slice, buffers: _Buffers, out: Bytes
) -> None:
    """Color the strip `pixels`, which is `rows` of the picture, into `out` [rows,W,3]."""
    shape = pixels.shape[:2]
    count = shape[0] * shape[1]
    index, level = buffers.index[:count], buffers.bytes[:count]
    y16, share = buffers.shorts[:, :count]
    y, root, t, x, z, one, two, three = buffers.floats[:, :count]

    # Luminance, and its root.
    if pixels.ndim == 2:
        np.copyto(index, pixels.reshape(-1))
        np.take(_GRAY_LUMINANCE, index, out=y16, mode="clip")
    else:
        for channel in range(3):
            np.copyto(index.reshape(shape), pixels[..., channel])
            np.take(_SHARES[channel], index, out=share if channel else y16, mode="clip")
            if channel:
                np.add(y16, share, out=y16)
    np.copyto(index, y16)
    np.take(_ROOT, index, out=root, mode="clip")
    np.multiply(y16, np.float32(1.0 / 65_535.0), out=y)

    # X/Xn - Y and Z/Zn - Y: the inverse of f. max() keeps the cube above the knee, and what it
    # cut off runs on along the line.
    for axis, value in ((0, x), (1, z)):
        planes.read(axis, rows, value.reshape(shape))
        np.add(value, root, out=value)
        np.maximum(value, np.float32(KNEE), out=t)
        np.subtract(value, t, out=value)
        np.multiply(value, np.float32(SLOPE), out=value)
        np.multiply(t, t, out=one)
        np.multiply(one, t, out=one)
        np.add(value, one, out=value)
        np.subtract(value, y, out=value)

    # What color adds to the gray in each channel.
    light = buffers.floats[5:, :count]
    np.matmul(_CHROMA, buffers.floats[3:5, :count], out=light)

    # The largest share of it that leaves every channel within 0…1.
    np.maximum(one, two, out=x)
    np.maximum(x, three, out=x)
    np.minimum(one, two, out=z)
    np.minimum(z, three, out=z)
    np.subtract(np.float32(1.0), y, out=t)
    np.negative(z, out=z)
    if (x > t).any() or (z > y).any():
        np.add(x, np.float32(1e-7), out=x)
        np.divide(t, x, out=t)
        np.add(z, np.float32(1e-7), out=z)
        np.divide(y, z, out=z)
        np.minimum(t, z, out=t)
        np.minimum(t, np.float32(1.0), out=t)
        np.multiply(light, t, out=light)

    np.add(light, y, out=light)
    np.multiply(light, np.float32(_STEPS), out=light)
    np.add(light, np.float32(0.5), out=light)
    for channel in range(3):
        np.copyto(y16, light[channel], casting="unsafe")
        np.copyto(index, y16)
        np.take(_SRGB, index, out=level, mode="clip")
        np.copyto(out[..., channel], level.reshape(shape))
