"""Degradations like those of old and small photographs, of the gray picture.

Applied to L* as 8-bit gray (pixel = L*·255/100), the picture that clients send.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from training.color.lab_batches import box_blur, through_jpeg

# L* 0...100 [H, W] and a source of chance -> the rough L*.
Degrade = Callable[[NDArray[np.float32], np.random.Generator], NDArray[np.float32]]


def _pixels(lightness: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.rint(lightness * 2.55).astype(np.uint8)


def _lightness(pixels: NDArray) -> NDArray[np.float32]:
    return np.clip(np.rint(pixels), 0, 255).astype(np.float32) / 2.55


def box3(lightness: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """A 3x3 mean, edges repeated: a soft print, or a small scan made large."""
    return _lightness(box_blur(_pixels(lightness).astype(np.float32)))


def jpeg30(lightness: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """A gray JPEG of quality 30: blocks and rings."""
    return through_jpeg(_lightness(_pixels(lightness)), 30)


def grain8(lightness: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Gaussian grain with a standard deviation of 8 levels of 255."""
    return _lightness(_pixels(lightness) + rng.normal(0.0, 8.0, lightness.shape))


DEGRADATIONS: dict[str, Degrade] = {"box3": box3, "jpeg30": jpeg30, "grain8": grain8}
