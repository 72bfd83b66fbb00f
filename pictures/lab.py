"""Color math: CIE L*a*b* after CIE 15:2004, for the white point D65 and the primaries of sRGB (IEC
61966-2-1), in float32.
"""

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Shorts = npt.NDArray[np.uint16]

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


def linear_from_srgb(encoded: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Linear light, 0…1, of sRGB, 0…1."""
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def srgb_from_linear(linear: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """sRGB, 0…1, of linear light, 0…1."""
    return np.where(
        linear <= 0.0031308, linear * 12.92, 1.055 * np.maximum(linear, 0) ** (1 / 2.4) - 0.055
    )


def _lightness_root(luminance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(luminance > KNEE**3, np.cbrt(luminance), luminance / SLOPE + 4.0 / 29.0)


_LINEAR = linear_from_srgb(np.arange(256) / 255.0)
# Luminance as an integer, 65535 for white: each channel's share by its 8-bit value. The shares of
# white are made to add up to 65535 exactly. One level near black is 20 units.
_FULL = np.array([13_936.0, 46_868.0, 4_731.0])
SHARES = tuple(np.rint(share * _LINEAR).astype(np.uint16) for share in _FULL)
GRAY_LUMINANCE = np.rint(65_535.0 * _LINEAR).astype(np.uint16)
# f(Y) of L*a*b*, by that integer.
ROOT = _lightness_root(np.arange(65_536) / 65_535.0).astype(np.float32)


def luminance(pixels: Bytes) -> Shorts:
    """Relative luminance Y, 0…65535, of sRGB pixels [H,W,3] or gray ones [H,W] (0…255)."""
    # Half the time of `table[index]`; no index is outside.
    if pixels.ndim == 2:
        return np.take(GRAY_LUMINANCE, pixels, mode="clip")
    red, green, blue = (
        np.take(share, pixels[..., channel], mode="clip") for channel, share in enumerate(SHARES)
    )
    return red + green + blue


def lightness(pixels: Bytes) -> Floats:
    """CIE L*, 0…100, of sRGB pixels [H,W,3] or gray ones [H,W] (0…255)."""
    return np.take(ROOT, luminance(pixels), mode="clip") * np.float32(116.0) - np.float32(16.0)


def color(pixels: Bytes) -> Floats:
    """CIE a*, b* [H,W,2] of sRGB pixels [H,W,3] (0…255); for pictures of moderate size."""
    ratio = _LINEAR.astype(np.float32)[pixels] @ _RATIO_FROM_LINEAR
    x, y, z = np.moveaxis(ROOT[np.rint(ratio * np.float32(65_535.0)).astype(np.uint16)], -1, 0)
    return np.stack([np.float32(500.0) * (x - y), np.float32(200.0) * (y - z)], axis=-1)
