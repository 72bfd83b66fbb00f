"""What hints add to a model, as `python -m training evaluate --hints` tells it."""

import numpy as np

from tests.color_client.pictures import scene
from training.color.evaluate_hints import hint_psnr, hint_table


def gray(lab):
    return np.zeros_like(lab[..., 1:])


def test_more_hints_more_of_the_true_color():
    photos = [np.asarray(scene(64, 48, seed)) for seed in range(4)]
    found = hint_psnr({"gray": gray}, photos, (1, 10), seed=1)["gray"]
    assert found.shape == (4, 3)
    none, one, ten = found.mean(axis=0)
    assert none < one < ten - 0.5
    table = hint_table({"gray": found}, (1, 10))
    assert f"| gray | {none:.2f} dB | {one - none:+.2f} dB | {ten - none:+.2f} dB |" in table


def test_a_seed_gives_the_same_figures_again():
    photos = [np.asarray(scene(32, 32))]
    one, again, other = (
        hint_psnr({"gray": gray}, photos, (3,), seed)["gray"] for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


def test_a_model_that_knows_needs_no_hints():
    photos = [np.asarray(scene(32, 32))]
    psnr = hint_psnr({"truth": lambda lab: lab[..., 1:]}, photos, (5,))["truth"]
    assert (psnr > 45).all()
