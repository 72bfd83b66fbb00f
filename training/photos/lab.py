"""sRGB and CIE L*a*b* (D65), in NumPy, float32.

sRGB: IEC 61966-2-1. CIE 1976 L*a*b*: CIE 15:2004, white point D65 (2 degrees).
L* is in 0...100, a* and b* in about -110...110.
"""

import numpy as np
from numpy.typing import NDArray

RGB_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
# The white is the matrix's own row sum, so that R=G=B gives exactly a* = b* = 0.
WHITE = RGB_TO_XYZ.sum(axis=1)
_RGB_TO_XYZ_RELATIVE = (RGB_TO_XYZ / WHITE[:, None]).astype(np.float32)
XYZ_RELATIVE_TO_RGB = np.linalg.inv(RGB_TO_XYZ / WHITE[:, None]).astype(np.float32)

_EPSILON = 6.0 / 29.0  # where the cube root gives way to a line
_LEVELS = np.arange(256) / 255.0
_LINEAR = np.where(_LEVELS <= 0.04045, _LEVELS / 12.92, ((_LEVELS + 0.055) / 1.055) ** 2.4).astype(
    np.float32
)


def rgb_to_lab(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """CIE L*a*b* of sRGB pixels: uint8 [..., 3] -> float32 [..., 3]."""
    xyz = _LINEAR[rgb] @ _RGB_TO_XYZ_RELATIVE.T
    f = np.where(xyz > _EPSILON**3, np.cbrt(xyz), xyz / (3 * _EPSILON**2) + 4.0 / 29.0)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], axis=-1).astype(
        np.float32
    )


def lab_to_rgb(lab: NDArray[np.floating]) -> NDArray[np.uint8]:
    """sRGB pixels of CIE L*a*b*, clipped to the gamut and rounded: [..., 3] -> uint8 [..., 3]."""
    lab = np.asarray(lab, np.float32)
    y = (lab[..., 0] + 16.0) / 116.0
    f = np.stack([y + lab[..., 1] / 500.0, y, y - lab[..., 2] / 200.0], axis=-1)
    xyz = np.where(f > _EPSILON, f**3, 3 * _EPSILON**2 * (f - 4.0 / 29.0))
    # Clamped before the power: a negative base has no real root.
    linear = np.clip(xyz @ XYZ_RELATIVE_TO_RGB.T, 0.0, 1.0)
    srgb = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(srgb * 255.0).astype(np.uint8)
