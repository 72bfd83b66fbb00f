"""Our PNG files, read back by a reader that is not ours."""

import numpy as np
import pytest

from pictures import png
from tests.color_client.pictures import opened


@pytest.mark.parametrize(
    "shape",
    [
        (1, 1),
        (1, 1, 2),
        (1, 1, 3),
        (3, 5, 3),
        (7, 2, 4),
        (1, 9),
        (9, 1, 3),
        (70, 80, 2),
        (1, 90_000),
    ],
)
@pytest.mark.parametrize("kind", ["noise", "flat", "ramp"])
def test_round_trip(shape, kind):
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    if kind == "flat":
        pixels[:] = 200
    elif kind == "ramp":
        pixels = (np.arange(pixels.size) // 3 % 256).astype(np.uint8).reshape(shape)
    read = np.asarray(opened(png.encode(pixels)))
    assert (read == pixels.reshape(read.shape)).all()


def test_several_bands():
    y, x, c = np.ogrid[:1900, :1100, :3]
    pixels = ((x * y >> 8) + 40 * c + (x ^ y) % 5).astype(np.uint8)
    assert pixels.nbytes > png._MOST_BAND_BYTES
    data = png.encode(pixels)
    assert data.count(b"IDAT") >= 2
    assert (np.asarray(opened(data)) == pixels).all()


def test_any_memory_layout_is_accepted():
    pixels = np.random.default_rng(1).integers(0, 256, (40, 30, 3), dtype=np.uint8)
    mirrored = pixels[::-1, ::-2]
    assert (np.asarray(opened(png.encode(mirrored))) == mirrored).all()
    pixels.flags.writeable = False
    assert (np.asarray(opened(png.encode(pixels))) == pixels).all()
