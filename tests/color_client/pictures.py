"""Pictures to upload, and what is expected of what comes back."""

import io

import numpy as np
from PIL import Image

# IEC 61966-2-1 and CIE 15, straight from the text, in float64.
XYZ_FROM_LINEAR = np.array(
    [
        [0.4124, 0.3576, 0.1805],
        [0.2126, 0.7152, 0.0722],
        [0.0193, 0.1192, 0.9505],
    ]
)
WHITE = XYZ_FROM_LINEAR.sum(axis=1)


def linear(levels):
    encoded = np.asarray(levels) / 255.0
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def levels(light):
    light = np.clip(light, 0, None)
    return 255 * np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


_LINEAR = linear(np.arange(256))


def luminance_levels(pixels):
    """The gray level (0…255, not rounded) that has the luminance of each pixel."""
    pixels = np.asarray(pixels)
    return levels(_LINEAR[pixels] if pixels.ndim == 2 else _LINEAR[pixels] @ XYZ_FROM_LINEAR[1])


def lab_of(pixels):
    """CIE L*a*b* of sRGB pixels [...,3]."""
    ratio = linear(pixels) @ XYZ_FROM_LINEAR.T / WHITE
    root = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio * (29 / 6) ** 2 / 3 + 4 / 29)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def luminance_error(before, after) -> float:
    """The largest difference of luminance, in 8-bit levels, strip by strip to save memory."""
    before, after = np.asarray(before), np.asarray(after)
    assert before.shape[:2] == after.shape[:2]
    return max(
        np.abs(luminance_levels(before[rows]) - luminance_levels(after[rows])).max()
        for rows in (slice(top, top + 256) for top in range(0, len(before), 256))
    )


def file_of(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def scene(width: int, height: int, seed: int = 0, mode: str = "RGB") -> Image.Image:
    """Something photo-like: smooth shapes with some grain, different in every corner."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (max(2, height // 40), max(2, width // 40), 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    grain = rng.integers(0, 12, (min(height, 256), min(width, 256), 3), dtype=np.uint8)
    image.paste(Image.blend(image.crop((0, 0, grain.shape[1], grain.shape[0])),
                            Image.fromarray(grain), 0.05))  # fmt: skip
    return image.convert(mode)
