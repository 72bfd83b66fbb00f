"""The color math of `lab` for strips of a picture, in buffers that stay in a core's cache."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .lab import (
    GRAY_LUMINANCE,
    KNEE,
    ROOT,
    SHARES,
    SLOPE,
    WHITE,
    XYZ_FROM_LINEAR,
    Bytes,
    Floats,
    Shorts,
    srgb_from_linear,
)

# Red's and green's share of luminance, by both of their bytes as one number.
_RED_GREEN = (SHARES[0] + SHARES[1][:, None]).reshape(-1)
# sRGB by linear light in steps of 1/65530: a fortieth of a level where the curve is steepest. The
# five entries to spare catch what float32 adds to 1.0.
_STEPS = 65_530
_SRGB = np.rint(
    255.0 * srgb_from_linear(np.minimum(np.arange(65_536) / _STEPS, 1.0))
).astype(np.uint8)  # fmt: skip

# What `Buffers.color` divides a* and b* by, from L*a*b*'s own definition.
AB_DIVISORS = np.array([500.0, -200.0], np.float32)
# What a pixel's color adds to its gray, in linear light: columns for X/Xn - Y and Z/Zn - Y. White
# maps to white, so the middle column cancels, and the rows weighted by luminance add up to 0.
_CHROMA = (np.linalg.inv(XYZ_FROM_LINEAR) * WHITE)[:, [0, 2]].astype(np.float32)


@dataclass(frozen=True)
class Buffers:
    """Scratch arrays for strips of so many pixels."""

    index: npt.NDArray[np.intp]
    bytes: Bytes
    shorts: Shorts
    floats: Floats

    @classmethod
    def of(cls, pixels: int) -> "Buffers":
        """New ones."""
        return cls(
            np.empty(pixels, np.intp),
            np.empty(pixels, np.uint8),
            np.empty((2, pixels), np.uint16),
            np.empty((8, pixels), np.float32),
        )

    def first(self, pixels: int) -> "Buffers":
        """Their beginning, for a smaller strip."""
        return Buffers(
            self.index[:pixels],
            self.bytes[:pixels],
            self.shorts[:, :pixels],
            self.floats[:, :pixels],
        )

    @property
    def color(self) -> Floats:
        """Where `srgb` finds a*/500 and -b*/200 [2,pixels], and computes."""
        return self.floats[3:5]


def luminance(pixels: Bytes, buffers: Buffers) -> Shorts:
    """`lab.luminance` of a strip of gray pixels [H,W], or of RGBX ones [H,W,4], in a buffer."""
    shape = pixels.shape[:2]
    index = buffers.index
    y16, blue = buffers.shorts
    if pixels.ndim == 2:
        np.copyto(index.reshape(shape), pixels)
        return np.take(GRAY_LUMINANCE, index, out=y16, mode="clip")
    np.copyto(index.reshape(shape), pixels.view("<u2")[..., 0])
    np.take(_RED_GREEN, index, out=y16, mode="clip")
    np.copyto(index.reshape(shape), pixels[..., 2])
    np.take(SHARES[2], index, out=blue, mode="clip")
    return np.add(y16, blue, out=y16)


def srgb(y16: Shorts, buffers: Buffers, out: Bytes) -> None:
    """Write into `out` [H,W,3 or more] the sRGB pixels of a luminance and of `buffers.color`."""
    index, level = buffers.index, buffers.bytes
    y, root, t, x, z, one, two, three = buffers.floats

    np.copyto(index, y16)
    np.take(ROOT, index, out=root, mode="clip")
    np.multiply(y16, np.float32(1.0 / 65_535.0), out=y)

    # X/Xn - Y and Z/Zn - Y: the inverse of f. max() keeps the cube above the knee, and what it
    # cut off runs on along the line.
    for value in (x, z):
        np.add(value, root, out=value)
        np.maximum(value, np.float32(KNEE), out=t)
        np.subtract(value, t, out=value)
        np.multiply(value, np.float32(SLOPE), out=value)
        np.multiply(t, t, out=one)
        np.multiply(one, t, out=one)
        np.add(value, one, out=value)
        np.subtract(value, y, out=value)

    # What color adds to the gray in each channel.
    light = buffers.floats[5:]
    np.matmul(_CHROMA, buffers.color, out=light)

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
        np.copyto(out[..., channel], level.reshape(out.shape[:2]))
