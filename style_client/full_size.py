"""From the network's small painting to a picture of the photo's size."""

import numpy as np
from PIL import Image

from color_client import lab
from color_client.lab import Bytes

from .style_network import Painting, bounded

# Color is kept at this size on the long side, finer than the color of a JPEG at 2 megapixels.
_COLOR_SIDE = 1024


def full_size(
    painting: Painting, image: Image.Image, strength: float, preserve_color: bool
) -> Bytes:
    """The painting of the photo `image` (mode L or RGB) at the photo's size: [H,W,3], 0…255.

    Where the network knows no `strength`, it is that share of the painting, and the rest photo.
    `preserve_color` takes luminance from the painting and color from the photo.
    """
    painted = Image.fromarray(painting.pixels)
    if painted.size != image.size:
        painted = painted.resize(image.size, Image.Resampling.LANCZOS)
    if strength < 1.0 and not painting.has_strength:
        painted = Image.blend(image.convert("RGB"), painted, strength)
    pixels = np.asarray(painted)
    if preserve_color:
        pixels = lab.colorize(pixels, lab.color(bounded(image, _COLOR_SIDE)))
    return pixels
