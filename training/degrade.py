"""What old and small photographs look like: the same photos, their gray picture made rough.

Applied to L* as 8-bit gray (pixel = L*·255/100), the picture that clients send.
"""

import io
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# L* 0...100 [H, W] and a source of chance -> the rough L*.
Degrade = Callable[[NDArray[np.float32], np.random.Generator], NDArray[np.float32]]


def _pixels(lightness: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.rint(lightness * 2.55).astype(np.uint8)


def _lightness(pixels: NDArray) -> NDArray[np.float32]:
    return np.clip(np.rint(pixels), 0, 255).astype(np.float32) / 2.55


def box3(lightness: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """A 3x3 mean, edges repeated: a soft print, or a small scan made large."""
    padded = np.pad(_pixels(lightness).astype(np.float32), 1, mode="edge")
    height, width = lightness.shape
    shifted = [padded[y : y + height, x : x + width] for y in range(3) for x in range(3)]
    return _lightness(np.mean(shifted, axis=0))


def jpeg30(lightness: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """A gray JPEG of quality 30: blocks and rings."""
    file = io.BytesIO()
    Image.fromarray(_pixels(lightness)).save(file, "JPEG", quality=30)
    with Image.open(file) as picture:
        return _lightness(np.asarray(picture))


def grain8(lightness: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Gaussian grain with a standard deviation of 8 levels of 255."""
    return _lightness(_pixels(lightness) + rng.normal(0.0, 8.0, lightness.shape))


DEGRADATIONS: dict[str, Degrade] = {"box3": box3, "jpeg30": jpeg30, "grain8": grain8}
