"""JPEG files in bands are the files that one piece would be, but for the markers between."""

import io

import numpy as np
import pytest
from PIL import Image

from pictures import jpeg_file


def grainy(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    rng = np.random.default_rng(1)
    smooth = np.stack([x * 255 // width, y * 255 // height, (x + y) // 8 % 256], axis=-1)
    return np.clip(smooth + rng.integers(-9, 10, smooth.shape), 0, 255).astype(np.uint8)


def whole(pixels: np.ndarray, alpha: Image.Image | None) -> np.ndarray:
    image = Image.fromarray(pixels)
    if alpha is not None:
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=alpha)
        image = white
    file = io.BytesIO()
    image.save(file, "JPEG", quality=92, subsampling=0)
    return np.asarray(Image.open(file))


@pytest.mark.parametrize(
    ("bands", "size", "see_through"),
    [
        (2, (1000, 700), False),
        (3, (901, 801), True),
        (16, (901, 801), False),
        (2, (65, 9000), True),
        (2, (63, 9000), False),
        (16, (9000, 65), False),
        (1, (1700, 900), True),
    ],
)
def test_bands_make_one_file(monkeypatch, bands, size, see_through):
    monkeypatch.setattr(jpeg_file, "_CORES", bands)
    pixels = grainy(*size)
    alpha = Image.fromarray(pixels[..., 0]) if see_through else None
    exif = b"Exif\0\0" + Image.Exif().tobytes()[6:]
    file = jpeg_file.encode(pixels, alpha, {"dpi": (72, 72), "exif": exif})
    with Image.open(io.BytesIO(file)) as read:
        assert (read.format, read.size) == ("JPEG", size[::-1])
        assert read.info["dpi"] == (72, 72)
        assert (np.asarray(read) == whole(pixels, alpha)).all()


def test_small_pictures_are_one_piece():
    pixels = grainy(40, 50)
    file = jpeg_file.encode(pixels, None, {})
    assert b"\xff\xdd" not in file  # no restart interval
    assert (np.asarray(Image.open(io.BytesIO(file))) == whole(pixels, None)).all()
