"""Pixels of any depth as 8 bits per channel: which number is black, and which is white."""

import numpy as np
import numpy.typing as npt
from PIL import Image

from .tiff import GRAY_ALPHA_16, SIGNED, UNSIGNED, Samples


def gray_alpha(image: Image.Image, samples: Samples) -> tuple[Image.Image, Image.Image | None]:
    """Gray and alpha of a TIFF of two 16-bit samples, as `tiff` has Pillow read it."""
    pairs = np.ascontiguousarray(np.asarray(image)).view(np.uint16)
    gray, alpha = pairs[..., 0].astype(np.float32), pairs[..., 1]
    if samples.extra == (1,):  # gray is multiplied with it
        gray /= np.maximum(alpha, 1) / np.float32(65_535.0)
    pixels = _scaled(gray, 0.0, 65_535.0, samples.photometric == 0)
    if samples.extra == (0,):
        return pixels, None
    return pixels, _scaled(alpha.astype(np.float32), 0.0, 65_535.0)


def has_16_bit_alpha(samples: Samples | None) -> bool:
    """Whether `gray_alpha` is to read it."""
    return samples is not None and samples.bits == GRAY_ALPHA_16 and len(samples.extra) == 1


def eight_bits(image: Image.Image, samples: Samples | None = None) -> Image.Image:
    """One byte a channel; `samples` where it comes from a TIFF.

    Unsigned numbers of up to 16 bits reach from black to white. Signed ones do so from 0 where none
    is below, else from the least that there can be. Numbers of 32 bits have no agreed white: they
    are stretched from their least to their greatest value, unless they fit 16 bits, or, with a
    fraction, 0…1 or 0…255.
    """
    if image.mode == "1":
        return image.convert("L")
    signed_bytes = samples is not None and samples.format == SIGNED and samples.bits == (8,)
    if not image.mode.startswith(("I", "F")) and not signed_bytes:
        return image
    values = np.asarray(image)
    if signed_bytes:
        values = values.view(np.int8)
    elif samples is not None and samples.format == UNSIGNED and samples.bits == (32,):
        values = values.view(np.uint32)
    low, high = _range(values, image.mode, samples)
    # In place from here: these are four bytes a pixel, and there may be 50 million.
    return _scaled(
        values.astype(np.float32), low, high, samples is not None and samples.photometric == 0
    )


def _range(
    values: npt.NDArray[np.generic], mode: str, samples: Samples | None
) -> tuple[float, float]:
    """The numbers that are black and white."""
    if mode.startswith("I;16"):
        bits = samples.bits[0] if samples else 16
        return 0.0, 2.0**bits - 1
    if mode == "F":
        finite = values[np.isfinite(values)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        for white in (1.0, 255.0):
            if low >= 0 and high <= white:
                return 0.0, white
        return low, high
    low, high = float(values.min()), float(values.max())
    if samples is not None and samples.format == SIGNED and samples.bits[0] < 32:
        half = 2.0 ** (samples.bits[0] - 1)
        return (0.0 if low >= 0 else -half), half - 1
    return (0.0, 65_535.0) if low >= 0 and high <= 65_535 else (low, high)


def _scaled(
    values: npt.NDArray[np.float32], low: float, high: float, inverted: bool = False
) -> Image.Image:
    """`values`, which are overwritten, from `low`…`high` to 0…255; what is no number is 0."""
    np.nan_to_num(values, copy=False, nan=0.0, posinf=high, neginf=low)
    values -= np.float32(low)
    values *= np.float32(255.0 / ((high - low) or 1.0))
    np.clip(values, 0.0, 255.0, out=values)
    np.rint(values, out=values)
    if inverted:
        np.subtract(np.float32(255.0), values, out=values)
    return Image.fromarray(values.astype(np.uint8))
