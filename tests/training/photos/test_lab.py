"""Color conversion against published values, and there and back."""

import numpy as np
import pytest

from training.photos.lab import lab_to_rgb, rgb_to_lab


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        # Bruce Lindbloom's calculator, sRGB, D65.
        ((255, 255, 255), (100.0, 0.0, 0.0)),
        ((0, 0, 0), (0.0, 0.0, 0.0)),
        ((255, 0, 0), (53.2408, 80.0925, 67.2032)),
        ((0, 255, 0), (87.7347, -86.1827, 83.1793)),
        ((0, 0, 255), (32.2970, 79.1875, -107.8602)),
    ],
)
def test_known_colors(rgb, lab):
    np.testing.assert_allclose(rgb_to_lab(np.array(rgb, np.uint8)), lab, atol=0.02)


def test_every_gray_is_exactly_gray():
    grays = np.arange(256, dtype=np.uint8)[:, None].repeat(3, axis=1)
    lab = rgb_to_lab(grays)
    assert np.abs(lab[:, 1:]).max() < 1e-3
    np.testing.assert_array_equal(lab_to_rgb(lab), grays)


def test_round_trip_is_exact():
    rgb = np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8)
    np.testing.assert_array_equal(lab_to_rgb(rgb_to_lab(rgb)), rgb)


def test_colors_outside_the_gamut_are_clipped():
    assert lab_to_rgb(np.array([50.0, 128.0, 128.0])).tolist()[0] == 255
    assert lab_to_rgb(np.array([50.0, -128.0, -128.0])).dtype == np.uint8
