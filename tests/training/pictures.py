"""Small photos for tests, as bytes and as files that were found."""

import io

import numpy as np
from PIL import Image

from training.photos.sources import PhotoFile


def jpeg(seed: int = 0, size: tuple[int, int] = (60, 40), gray: bool = False) -> bytes:
    """A JPEG of soft patches of color (or of gray)."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (size[1] // 10, size[0] // 10, 3), np.uint8)
    if gray:
        pixels[:] = pixels[..., :1]
    file = io.BytesIO()
    Image.fromarray(pixels).resize(size).save(file, "JPEG", quality=95)
    return file.getvalue()


def files(*contents: bytes) -> list[PhotoFile]:
    """Files of these contents, named by their place."""
    return [PhotoFile(str(i), lambda c=c: c, f"{i} {hash(c)}") for i, c in enumerate(contents)]
