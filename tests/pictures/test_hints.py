"""What a hint changes, and what it leaves alone."""

import numpy as np
import pytest

from pictures.hints import Hint, spread

BLUE = (10.0, -45.0)


def two_halves(height: int = 96, width: int = 128):
    """L* [H,W] and the network's a*b* [H/2,W/2,2]: left dark and green, right light and red."""
    lightness = np.full((height, width), 30.0, np.float32)
    lightness[:, width // 2 :] = 80.0
    ab = np.empty((height // 2, width // 2, 2), np.float32)
    ab[:, : width // 4] = (-15.0, 20.0)
    ab[:, width // 4 :] = (25.0, 15.0)
    return lightness, ab


def at(field, x: float, y: float):
    height, width = field.shape[:2]
    return field[min(int(y * height), height - 1), min(int(x * width), width - 1)]


@pytest.mark.parametrize("place", [(0.2, 0.5), (0.0, 0.0), (1.0, 1.0), (0.49, 0.3)])
def test_the_hinted_place_gets_the_color(place):
    lightness, ab = two_halves()
    found = spread(ab, lightness, [Hint(*place, BLUE)])
    np.testing.assert_allclose(at(found, *place), BLUE, atol=0.05)


def test_similar_pixels_follow_and_others_stay():
    lightness, ab = two_halves()
    before = spread(ab, lightness, [Hint(0.2, 0.5, None)])
    after = spread(ab, lightness, [Hint(0.2, 0.5, BLUE)])
    moved = np.abs(after - before).max(axis=-1)
    # The whole left half, near and far from the hint, turns blue.
    assert (after[:, :50, 1] < -15).all()
    # Beyond the edge, in another brightness and color, nothing moves that one could see.
    assert moved[:, 70:].max() < 1.0


def test_many_hints_are_all_met():
    lightness, ab = two_halves()
    rng = np.random.default_rng(1)
    hints = [Hint(*rng.uniform(0, 1, 2), tuple(rng.uniform(-40, 40, 2))) for _ in range(64)]
    found = spread(ab, lightness, hints)
    for hint in hints:
        np.testing.assert_allclose(at(found, hint.x, hint.y), hint.ab, atol=1.0)


def test_of_two_hints_in_one_place_the_later_one_counts():
    lightness, ab = two_halves()
    found = spread(ab, lightness, [Hint(0.3, 0.3, BLUE), Hint(0.3, 0.3, (40.0, 30.0))])
    np.testing.assert_allclose(at(found, 0.3, 0.3), (40.0, 30.0), atol=0.05)
    alone = spread(ab, lightness, [Hint(0.3, 0.3, (40.0, 30.0))])
    np.testing.assert_array_equal(found, alone)


def test_keep_pins_the_networks_color():
    lightness, ab = two_halves()
    kept = spread(ab, lightness, [Hint(0.05, 0.05, None), Hint(0.45, 0.9, BLUE)])
    np.testing.assert_allclose(at(kept, 0.05, 0.05), (-15.0, 20.0), atol=0.05)
    moved = spread(ab, lightness, [Hint(0.45, 0.9, BLUE)])
    assert np.abs(at(moved, 0.05, 0.05) - (-15.0, 20.0)).max() > 5


def test_hints_are_colors_of_their_own_whatever_the_vividness():
    lightness, ab = two_halves()
    for vividness in (0.0, 0.5, 2.0):
        found = spread(ab, lightness, [Hint(0.2, 0.5, BLUE)], vividness)
        np.testing.assert_allclose(at(found, 0.2, 0.5), BLUE, atol=0.05)
        np.testing.assert_allclose(at(found, 0.9, 0.5), np.multiply(vividness, (25, 15)), atol=1.0)


def test_one_pixel():
    found = spread(
        np.zeros((1, 1, 2), np.float32), np.full((1, 1), 50, np.float32), [Hint(1, 1, BLUE)]
    )
    np.testing.assert_allclose(found, [[BLUE]], atol=0.05)
