"""From the network's small painting to a picture of the photo's size."""

import numpy as np
from PIL import Image

from color_client import lab
from color_client.lab import Bytes

from .style_network import Painting, bounded

# Long side of the picture that color is kept from: color may be coarser than luminance, as in JPEG.
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
        # Looked at, at four times the size: fine luminance of the photo laid over the painting,
        # at a third or at two thirds, reads as grain on the strokes, not as finer strokes.
        painted = painted.resize(image.size, Image.Resampling.LANCZOS)
    if strength < 1.0 and not painting.has_strength:
        photo = image if image.mode == "RGB" else image.convert("RGB")
        painted = Image.blend(photo, painted, strength)
    pixels = np.asarray(painted)
    del painted  # 36 MB at 12 megapixels
    if preserve_color:
        pixels = lab.colorize(pixels, lab.color(bounded(image, _COLOR_SIDE)))
    return pixels
