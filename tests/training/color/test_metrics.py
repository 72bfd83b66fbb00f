"""The measures against published values and what can be computed by hand."""

import numpy as np
import pytest

from training.color.metrics import (
    Score,
    Truth,
    ciede2000,
    colorfulness,
    mean_with_interval,
    pooled_psnr,
    psnr,
)


@pytest.mark.parametrize(
    ("one", "other", "difference"),
    [
        # Sharma, Wu and Dalal 2005, table 1: pairs 1, 7, 9, 13, 17, 20, 25 and 33.
        ((50.0000, 2.6772, -79.7751), (50.0000, 0.0000, -82.7485), 2.0425),
        ((50.0000, 0.0000, 0.0000), (50.0000, -1.0000, 2.0000), 2.3669),
        ((50.0000, 2.4900, -0.0010), (50.0000, -2.4900, 0.0009), 7.1792),
        ((50.0000, -0.0010, 2.4900), (50.0000, 0.0009, -2.4900), 4.8045),
        ((50.0000, 2.5000, 0.0000), (73.0000, 25.0000, -18.0000), 27.1492),
        ((50.0000, 2.5000, 0.0000), (58.0000, 24.0000, 15.0000), 19.4535),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((6.7747, -0.2908, -2.4247), (5.8714, -0.0985, -2.2286), 0.6377),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_ciede2000_of_the_published_pairs(one, other, difference):
    assert ciede2000(np.array(one), np.array(other)) == pytest.approx(difference, abs=1e-4)
    assert ciede2000(np.array(other), np.array(one)) == pytest.approx(difference, abs=1e-4)


def test_psnr_of_one_level_everywhere():
    assert psnr(1.0) == pytest.approx(48.13, abs=0.01)


def test_colorfulness():
    gray = np.full((8, 8, 3), 90, np.uint8)
    assert colorfulness(gray) == 0.0
    halves = np.zeros((8, 8, 3), np.uint8)
    halves[:4, :, 0] = 200  # red over black: rg is 200 or 0, yb is 100 or 0
    assert colorfulness(halves) == pytest.approx(np.hypot(100, 50) + 0.3 * np.hypot(100, 50))


def test_an_exact_picture_scores_full_marks():
    photo = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    score = Score.of(Truth.of(photo), photo)
    assert score.mse == score.ciede2000 == score.colorfulness_error == 0


def test_bootstrap_interval_covers_the_mean():
    values = np.random.default_rng(1).normal(20.0, 3.0, 400)
    found = mean_with_interval(values)
    assert found.mean == pytest.approx(values.mean())
    assert found.low < found.mean < found.high
    assert found.high - found.low == pytest.approx(2 * 1.96 * 3.0 / np.sqrt(400), rel=0.15)
    assert f"{found:.1f}".startswith(f"{values.mean():.1f} [")


def test_pooled_psnr_is_that_of_all_pixels_together():
    mses = np.random.default_rng(1).uniform(50.0, 500.0, 200)
    found = pooled_psnr(mses)
    assert found.mean == pytest.approx(10 * np.log10(255**2 / mses.mean()))
    assert found.low < found.mean < found.high
