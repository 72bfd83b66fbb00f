"""A photo in other colors, and the one promise: its luminance survives."""

import numpy as np
import pytest
from PIL import Image

from pictures import merge
from pictures.color_planes import ColorPlanes
from pictures.color_table import color_table
from tests.color_client.pictures import lab_of, linear, luminance_error, scene


def test_no_color_leaves_every_gray_as_it_was():
    grays = np.arange(256, dtype=np.uint8)[None]
    assert (merge.colorize(grays, np.zeros((1, 1, 2), np.float32)) == grays[..., None]).all()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("gray", [True, False])
def test_luminance_survives_any_color(seed, gray):
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (300, 301, 3), dtype=np.uint8)
    pixels[:40] //= 16  # darkness is where Lab is a straight line
    pixels[-40:] |= 0xF0
    ab = rng.uniform(-128, 127, (300, 301, 2)).astype(np.float32)
    before = pixels[..., 0] if gray else pixels
    assert luminance_error(before, merge.colorize(before, ab)) < 1


def test_a_color_that_fits_comes_out_as_defined():
    colors = np.array([[200, 120, 90], [40, 60, 30], [120, 140, 220], [250, 240, 235], [9, 5, 4]])
    for color in colors.astype(np.uint8):
        ab = lab_of(color)[1:].astype(np.float32).reshape(1, 1, 2)
        same = merge.colorize(np.broadcast_to(color, (2, 2, 3)), ab)
        assert np.abs(same.astype(int) - color).max() <= 1


def test_a_color_too_strong_keeps_its_side_of_gray():
    gray = np.full((1, 1), 128, np.uint8)
    red = merge.colorize(gray, np.array([[[127.0, 60.0]]], np.float32))[0, 0]
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
        out = merge.colorize(pixels, ab)
        assert out.shape == (*shape, 3)
        assert luminance_error(pixels, out) < 1


def test_color_is_scaled_up_smoothly_and_in_place():
    gray = np.full((800, 600), 140, np.uint8)
    ab = np.zeros((8, 6, 2), np.float32)
    ab[:, 3:, 0], ab[4:, :, 1] = 30, 30
    a, b = np.moveaxis(lab_of(merge.colorize(gray, ab))[..., 1:], -1, 0)
    assert abs(a[:, :150]).max() < 5 and abs(a[:, 450:] - 30).max() < 5
    assert abs(b[:200]).max() < 5 and abs(b[600:] - 30).max() < 5
    assert abs(a[400, 300] - 15) < 3 and abs(b[400, 300] - 15) < 3
    assert abs(np.diff(a, axis=1)).max() < 3 and abs(np.diff(b, axis=0)).max() < 3


def test_inputs_are_not_modified():
    pixels = np.random.default_rng(5).integers(0, 256, (50, 60, 3), dtype=np.uint8)
    ab = np.full((5, 6, 2), 20, np.float32)
    kept = pixels.copy(), ab.copy()
    merge.colorize(pixels, ab)
    assert (pixels == kept[0]).all() and (ab == kept[1]).all()


def few_colors(strength: float = 1.0) -> np.ndarray:
    """Colors such as a network gives, CIE a*, b* [9,12,2]: some strong, most faint."""
    rng = np.random.default_rng(7)
    ab = rng.normal(0, 2, (9, 12, 2))
    ab[3:6, 4:8] += (8, 15)
    return (strength * ab).astype(np.float32)


def grainy(width: int, height: int, mode: str) -> Image.Image:
    """A scene with every luminance, from the darkest to the lightest."""
    pixels = np.array(scene(width, height, 4))
    pixels[:, : width // 5] //= 16
    pixels[:, -width // 5 :] |= 0xF0
    noise = np.random.default_rng(8).integers(-6, 7, pixels.shape)
    return Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8)).convert(mode)


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("size", [(1200, 901), (903, 1201)])
def test_lookup_equals_computation(monkeypatch, mode, size):
    photo, ab = grainy(*size, mode), few_colors()
    assert color_table(ab, *size, gray=mode == "L")
    looked_up = merge.colorize(photo, ab)
    monkeypatch.setattr(merge, "color_table", lambda *given, **how: None)
    computed = merge.colorize(photo, ab)
    off = np.abs(looked_up.astype(int) - computed)
    assert off.mean() < 0.3 and (off > 1).mean() < 0.005 and off.max() <= 6
    assert luminance_error(photo, looked_up) < 1


def test_lookup_leaves_every_gray_as_it_was():
    grays = np.resize(np.arange(256, dtype=np.uint8), (800, 700))
    ab = np.zeros((8, 7, 2), np.float32)
    for pixels in (grays, np.stack([grays] * 3, axis=-1)):
        assert color_table(ab, 700, 800, gray=pixels.ndim == 2)
        assert (merge.colorize(pixels, ab) == grays[..., None]).all()


def test_many_or_fine_colors_are_computed():
    assert color_table(few_colors(40.0), 1200, 900, gray=True) is None, "as many as pixels"
    fine = np.zeros((90, 120, 2), np.float32)
    assert color_table(fine, 1200, 900, gray=True) is None, "squares would show"
    assert color_table(fine, 4000, 3000, gray=True)
    assert isinstance(merge._colors(grainy(1200, 900, "L"), fine), ColorPlanes)
