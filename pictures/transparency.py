"""Separates color and alpha, whichever way a file stores transparency."""

import io

import numpy as np
from PIL import Image, ImageFile

# What a level of a PNG's gray is multiplied by when Pillow makes 8 bits of it.
_GRAY_SCALE = {2: 85, 4: 17}
_BIT_DEPTH = slice(24, 25)  # in the IHDR of a PNG


def split_alpha(
    image: ImageFile.ImageFile, data: io.BytesIO
) -> tuple[Image.Image, Image.Image | None]:
    """The picture without alpha, and its alpha (mode L) where it has any; of palettes their
    colors. `data` is the file that `image` was decoded from.
    """
    key = image.info.get("transparency")
    depth = data.getbuffer()[_BIT_DEPTH][0] if image.format == "PNG" else 8
    if isinstance(key, int) and (image.mode in ("1", "L") or image.mode.startswith("I;16")):
        # A PNG's key is in the units of the file.
        level = key * _GRAY_SCALE.get(depth, 1)
        return image, _alpha_mask(
            np.asarray(image.convert("L") if image.mode == "1" else image) == level
        )
    if isinstance(key, tuple) and image.mode == "RGB" and depth == 16:
        return image, _alpha_mask(_matches_16_bits(image, data, key))
    pixels: Image.Image = image
    if key is not None and image.mode in ("P", "RGB"):
        pixels = image.convert("RGBA")
    elif image.mode in ("P", "PA"):
        pixels = image.convert("RGBA" if image.mode == "PA" else "RGB")
    elif image.mode in ("La", "RGBa"):
        pixels = image.convert(image.mode.upper())
    if pixels.mode in ("LA", "RGBA"):
        alpha = pixels.getchannel("A")
        opaque = alpha.getextrema()[0] == 255
        return pixels.convert(pixels.mode[:-1]), None if opaque else alpha
    return pixels, None


def _alpha_mask(where: np.ndarray) -> Image.Image | None:
    """Alpha that is 0 `where` and 255 elsewhere."""
    return Image.fromarray(np.where(where, 0, 255).astype(np.uint8)) if where.any() else None


def _matches_16_bits(
    image: Image.Image, data: io.BytesIO, key: tuple[int, ...]
) -> np.ndarray:  # fmt: skip
    """Which pixels of a 16-bit RGB PNG are exactly the color `key`. Pillow keeps the high bytes;
    read in the other byte order, it keeps the low ones.
    """
    data.seek(0)
    with Image.open(data, formats=("PNG",)) as low:
        assert isinstance(low, ImageFile.ImageFile)
        low.tile = [tile._replace(args="RGB;16L") for tile in low.tile]
        where = np.ones((image.height, image.width), bool)
        for channel, value in enumerate(key):
            where &= np.asarray(image.getchannel(channel)) == value >> 8
            where &= np.asarray(low.getchannel(channel)) == value & 255
    return where
