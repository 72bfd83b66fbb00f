"""The color math against the definitions."""

import numpy as np

from pictures import lab
from tests.color_client.pictures import lab_of


def test_lightness_is_that_of_cie_15():
    colors = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    assert np.abs(lab.lightness(colors) - lab_of(colors)[..., 0]).max() < 0.03
    grays = np.arange(256, dtype=np.uint8)[None]
    assert np.abs(lab.lightness(grays) - lab_of(np.stack([grays] * 3, -1))[..., 0]).max() < 0.03


def test_color_is_that_of_cie_15():
    colors = np.random.default_rng(2).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    colors[0], colors[1] = 0, 255
    assert np.abs(lab.color(colors) - lab_of(colors)[..., 1:]).max() < 0.15
