"""The color math against the definitions, and its one promise: luminance survives."""

import numpy as np
import pytest

from pictures import lab
from tests.color_client.pictures import lab_of, linear, luminance_error


def test_lightness_is_that_of_cie_15():
    colors = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    assert np.abs(lab.lightness(colors) - lab_of(colors)[..., 0]).max() < 0.03
    grays = np.arange(256, dtype=np.uint8)[None]
    assert np.abs(lab.lightness(grays) - lab_of(np.stack([grays] * 3, -1))[..., 0]).max() < 0.03


def test_color_is_that_of_cie_15():
    colors = np.random.default_rng(2).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    colors[0], colors[1] = 0, 255
    assert np.abs(lab.color(colors) - lab_of(colors)[..., 1:]).max() < 0.15


def test_no_color_leaves_every_gray_as_it_was():
    grays = np.arange(256, dtype=np.uint8)[None]
    assert (lab.colorize(grays, np.zeros((1, 1, 2), np.float32)) == grays[..., None]).all()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("gray", [True, False])
def test_luminance_survives_any_color(seed, gray):
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (300, 301, 3), dtype=np.uint8)
    pixels[:40] //= 16  # darkness is where Lab is a straight line
    pixels[-40:] |= 0xF0
    ab = rng.uniform(-128, 127, (300, 301, 2)).astype(np.float32)
    before = pixels[..., 0] if gray else pixels
    assert luminance_error(before, lab.colorize(before, ab)) < 1


def test_a_color_that_fits_comes_out_as_defined():
    colors = np.array([[200, 120, 90], [40, 60, 30], [120, 140, 220], [250, 240, 235], [9, 5, 4]])
    for color in colors.astype(np.uint8):
        ab = lab_of(color)[1:].astype(np.float32).reshape(1, 1, 2)
        same = lab.colorize(np.broadcast_to(color, (2, 2, 3)), ab)
        assert np.abs(same.astype(int) - color).max() <= 1


def test_a_color_too_strong_keeps_its_side_of_gray():
    gray = np.full((1, 1), 128, np.uint8)
    red = lab.colorize(gray, np.array([[[127.0, 60.0]]], np.float32))[0, 0]
    light, y = linear(red), linear(128)
    # As far as the cube goes: one channel is empty or full, and luminance has not moved.
    assert red.max() == 255 or red.min() <= 1
    assert light[0] > y > light[2]


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (40_000, 1), (1, 40_000), (3, 20_000), (700, 9)])
def test_any_shape(shape):
    rng = np.random.default_rng(3)
    pixels = rng.integers(0, 256, (*shape, 3), dtype=np.uint8)
    for small in ((1, 1), (2, 3), (64, 1)):
        ab = rng.uniform(-60, 60, (*small, 2)).astype(np.float32)
        out = lab.colorize(pixels, ab)
        assert out.shape == (*shape, 3)
        assert luminance_error(pixels, out) < 1


def test_color_is_scaled_up_smoothly_and_in_place():
    gray = np.full((800, 600), 140, np.uint8)
    ab = np.zeros((8, 6, 2), np.float32)
    ab[:, 3:, 0], ab[4:, :, 1] = 30, 30
    a, b = np.moveaxis(lab_of(lab.colorize(gray, ab))[..., 1:], -1, 0)
    assert abs(a[:, :150]).max() < 5 and abs(a[:, 450:] - 30).max() < 5
    assert abs(b[:200]).max() < 5 and abs(b[600:] - 30).max() < 5
    assert abs(a[400, 300] - 15) < 3 and abs(b[400, 300] - 15) < 3
    assert abs(np.diff(a, axis=1)).max() < 3 and abs(np.diff(b, axis=0)).max() < 3


def test_what_is_given_stays_as_it_is():
    pixels = np.random.default_rng(5).integers(0, 256, (50, 60, 3), dtype=np.uint8)
    ab = np.full((5, 6, 2), 20, np.float32)
    kept = pixels.copy(), ab.copy()
    lab.colorize(pixels, ab)
    assert (pixels == kept[0]).all() and (ab == kept[1]).all()
