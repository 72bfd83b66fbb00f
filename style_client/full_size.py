"""From the network's small painting to a picture of the photo's size."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

from pictures import lab, merge
from pictures.lab import Bytes

from .style_network import Painting

# Pixels that a thread colors at a time: 15 MB of numbers on the way.
_STRIP_PIXELS = 200_000
_threads = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="full_size")


def full_size(
    painting: Painting, image: Image.Image, strength: float, preserve_color: bool
) -> Bytes:
    """The painting of the photo `image` (mode L or RGB) at the photo's size: [H,W,3], 0…255.

    `strength` is the share of the painting, and the rest is the photo itself, in all its detail.
    `preserve_color` takes luminance from that and color from the photo.
    """
    painted = Image.fromarray(painting.pixels)
    if painted.size != image.size:
        # Looked at, at four times the size: fine luminance of the photo laid over the painting,
        # at a third or at two thirds, reads as grain on the strokes, not as finer strokes.
        painted = painted.resize(image.size, Image.Resampling.LANCZOS)
    if strength < 1.0:
        photo = image if image.mode == "RGB" else image.convert("RGB")
        painted = Image.blend(photo, painted, strength)
    pixels = np.array(painted)
    del painted  # 48 MB at 12 megapixels
    if preserve_color:
        _transfer_color(image, pixels)
    return pixels


def _transfer_color(photo: Image.Image, pixels: Bytes) -> None:
    """Give `pixels` [H,W,3], 0…255, the color of the photo, in place; their luminance stays."""
    height, width = pixels.shape[:2]
    rows = max(1, _STRIP_PIXELS // width)

    def color_strip(top: int) -> None:
        bottom = min(top + rows, height)
        strip = photo.crop((0, top, width, bottom)).convert("RGB")
        pixels[top:bottom] = merge.colorize(pixels[top:bottom], lab.color(np.asarray(strip)))

    list(_threads.map(color_strip, range(0, height, rows)))
