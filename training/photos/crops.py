"""Random crops of photos, for every training there is."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def random_crop(
    rgb: NDArray[np.uint8],
    crop_side: int,
    zoom: tuple[float, float],
    rng: np.random.Generator,
    resampling: Image.Resampling,
) -> NDArray[np.uint8]:
    """A random square, resized to `crop_side`, possibly mirrored. uint8 sRGB [S, S, 3].

    Its size is a random share of the photo's side, in the range `zoom`, so that the network does
    not overfit to one scale or sharpness.
    """
    side = rng.uniform(*zoom) * rgb.shape[0]
    left, top = rng.uniform(0, rgb.shape[1] - side), rng.uniform(0, rgb.shape[0] - side)
    crop = Image.fromarray(rgb).resize(
        (crop_side, crop_side), resampling, box=(left, top, left + side, top + side)
    )
    pixels = np.asarray(crop)
    return pixels[:, ::-1] if rng.random() < 0.5 else pixels
