"""How colorful a photo is."""

import numpy as np
from numpy.typing import NDArray

from training.photos.lab import rgb_to_lab

NEAR_GRAY = 4.0  # mean chroma below this: a black-and-white photo would teach the network gray


def mean_chroma(rgb: NDArray[np.uint8]) -> float:
    """Mean CIE chroma of a photo, seen at every fourth pixel."""
    lab = rgb_to_lab(rgb[::4, ::4])
    return float(np.hypot(lab[..., 1], lab[..., 2]).mean())


def colorfulness(rgb: NDArray[np.uint8]) -> float:
    """Hasler and Süsstrunk 2003, "Measuring colourfulness in natural images", equation 3."""
    red, green, blue = np.moveaxis(rgb.astype(np.float32), -1, 0)
    red_green = red - green
    yellow_blue = (red + green) / 2.0 - blue
    spread = np.hypot(red_green.std(), yellow_blue.std())
    mean = np.hypot(red_green.mean(), yellow_blue.mean())
    return float(spread + 0.3 * mean)
