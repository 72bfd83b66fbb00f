"""The photos to measure with: a sample scaled up, with a camera's grain.

Without grain the picture would be too smooth, and its PNG written far too fast.
"""

import io
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

SAMPLE = Path(__file__).resolve().parent.parent / "samples" / "pagoda.jpg"
SEED = 20
# Standard deviations in 8-bit levels: grain that all channels share, and each channel's own.
SHARED_GRAIN, CHANNEL_GRAIN = 3.0, 1.5
JPEG_QUALITY = 92


@dataclass(frozen=True)
class Photo:
    """A photo to send, as the JPEG file that a camera would have made."""

    name: str
    jpeg: bytes

    @cached_property
    def image(self) -> Image.Image:
        """The decoded picture, mode RGB."""
        return Image.open(io.BytesIO(self.jpeg)).convert("RGB")

    def level_1_png(self) -> int:
        """Encode the picture as a PNG at level 1; the size in bytes."""
        out = io.BytesIO()
        self.image.save(out, "PNG", compress_level=1)
        return out.tell()


# Names as the command line knows them, and (width, height).
SIZES = {"400x400": (400, 400), "1mp": (1152, 864), "12mp": (4000, 3000)}


def make_photo(name: str) -> Photo:
    """The photo of a name in SIZES; the same bytes at every call."""
    return photo_of_size(name, SIZES[name])


def photo_of_size(name: str, size: tuple[int, int]) -> Photo:
    """The photo, of any (width, height); the same bytes at every call."""
    with Image.open(SAMPLE) as sample:
        picture = ImageOps.fit(sample.convert("RGB"), size, Image.Resampling.BICUBIC)
    noise = np.random.default_rng(SEED)
    pixels = np.asarray(picture, np.float32)
    grain = noise.standard_normal(pixels.shape[:2], np.float32)[..., None] * SHARED_GRAIN
    grain = grain + noise.standard_normal(pixels.shape, np.float32) * CHANNEL_GRAIN
    grainy = np.clip(np.rint(pixels + grain), 0, 255).astype(np.uint8)
    jpeg = io.BytesIO()
    Image.fromarray(grainy).save(jpeg, "JPEG", quality=JPEG_QUALITY)
    return Photo(name, jpeg.getvalue())
