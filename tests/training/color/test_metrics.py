"""The measures against published values and what can be computed by hand."""

import numpy as np
import pytest

from training.color.metrics import (
    ROUNDS,
    Score,
    Truth,
    _resampled_means,
    colorfulness,
    mean_with_interval,
    pooled_psnr,
    psnr,
)


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


@pytest.mark.parametrize("count", [3, 700])  # at once, and in two parts
def test_draws_at_once_are_those_one_by_one(count):
    values, rng = np.random.default_rng(1).normal(size=count), np.random.default_rng(0)
    draws = [values[rng.integers(0, count, count)].mean() for _ in range(ROUNDS)]
    np.testing.assert_array_equal(_resampled_means(values), draws)


def test_pooled_psnr_is_that_of_all_pixels_together():
    mses = np.random.default_rng(1).uniform(50.0, 500.0, 200)
    found = pooled_psnr(mses)
    assert found.mean == pytest.approx(10 * np.log10(255**2 / mses.mean()))
    assert found.low < found.mean < found.high
