"""What is judged, on what, and how models are told apart."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.training.pictures import jpeg
from training.color import plot
from training.color.degrade import box3, grain8, jpeg30
from training.color.evaluate import (
    compare,
    differences_table,
    gain_for,
    markdown_table,
    paired_differences,
    with_gain,
)
from training.photos.lab import rgb_to_lab


@pytest.fixture(scope="module")
def photos() -> list[np.ndarray]:
    pictures = [Image.open(io.BytesIO(jpeg(seed, (48, 48)))) for seed in range(8)]
    return [np.asarray(picture) for picture in pictures]


def share_of_truth(share: float):
    return lambda lab: lab[..., 1:] * share


def test_models_are_compared_photo_by_photo(photos):
    """Their intervals overlap widely, yet one is better on every photo."""
    models = {"dull": share_of_truth(0.70), "fair": share_of_truth(0.72)}
    evaluations = compare(models, photos)
    by_name = {evaluation.name: evaluation for evaluation in evaluations}
    assert list(by_name)[3:] == ["dull", "fair", "truth"]
    dull, fair = (by_name[name].estimates()["psnr"] for name in models)
    assert dull.low < fair.mean < dull.high
    ((names, difference),) = paired_differences(evaluations).items()
    assert names == ("fair", "dull")
    assert difference["psnr"].low > 0
    assert difference["psnr"].mean == pytest.approx(fair.mean - dull.mean)
    assert difference["psnr_won"].mean == 1.0
    assert difference["colorfulness"].low > 0 > difference["colorfulness_error"].high
    assert "| fair minus dull | +0." in differences_table(paired_differences(evaluations))
    assert markdown_table(evaluations).count("\n") == 7


def test_gains_move_color_and_pairs_take_the_model_as_it_is(photos):
    models = {"one": share_of_truth(0.5), "other": share_of_truth(0.6)}
    evaluations = compare(models, photos, gains=(0.5, 1.0, 2.0))
    found = {e.name: e.estimates() for e in evaluations}
    assert [*found][3:6] == ["one × 0.5", "one", "one × 2"]
    vividness = [found[name]["colorfulness"].mean for name in [*found][3:6]]
    assert vividness == sorted(vividness)
    assert found["one × 2"]["psnr"].mean > 40  # twice the half is the truth
    assert list(paired_differences(evaluations)) == [("other", "one")]


def test_models_are_brought_to_one_colorfulness(photos):
    for share in (0.3, 0.9):
        model = share_of_truth(share)
        brought = with_gain(model, gain_for(model, photos, 12.0))
        by_name = {e.name: e for e in compare({"model": brought}, photos)}
        assert by_name["model"].estimates()["colorfulness"].mean == pytest.approx(12.0, abs=0.1)


def test_models_get_the_degraded_photo_and_are_scored_on_the_clean_one(photos):
    seen = []

    def model(lab):
        seen.append(lab[..., 0])
        return lab[..., 1:]

    evaluations = compare({"model": model}, photos, box3, shown=3)
    clean = [rgb_to_lab(photo)[..., 0] for photo in photos]
    assert min(np.abs(s - c).max() for s, c in zip(seen, clean, strict=True)) > 1
    by_name = {evaluation.name: evaluation for evaluation in evaluations}
    assert by_name["model"].estimates()["mse"].mean < 0.01
    assert [len(evaluation.pictures) for evaluation in evaluations] == [3] * 5
    np.testing.assert_array_equal(by_name["truth"].pictures[-1], photos[-1])


def test_degradations_match_their_names():
    rng = np.random.default_rng(0)
    step = np.zeros((64, 64), np.float32)
    step[:, 32:] = 90.0
    soft = box3(step, rng)
    assert soft[0, 31:33].tolist() == pytest.approx([30, 60], abs=0.3)
    np.testing.assert_allclose(soft[:, :30], 0)
    flat = np.full((200, 200), 50.0, np.float32)
    assert grain8(flat, rng).std() * 2.55 == pytest.approx(8, rel=0.05)
    noise = rng.uniform(0, 100, (64, 64)).astype(np.float32)
    blocks = jpeg30(noise, rng)
    assert 2 < np.abs(blocks - noise).mean() < 20
    for made in (soft, blocks, grain8(noise, rng)):
        assert made.dtype == np.float32
        assert 0 <= made.min() <= made.max() <= 100


def test_a_plot_shows_every_point():
    curve = plot.Curve("model", [(20, 23.4), (30, 23.0), (40, 22.1)], ["0.8", "1", "1.2"])
    dot = plot.Curve("gray", [(0, 21.5)], [""])
    pixels = np.asarray(plot.draw([curve, dot], "x", "y", (41, "truth")))
    blue, red = (
        (pixels == [int(c[i : i + 2], 16) for i in (1, 3, 5)]).all(axis=-1) for c in plot.COLORS[:2]
    )
    assert blue.sum() > 3 * 30
    assert red.sum() > 30
    assert np.argwhere(red)[:, 1].min() < 90 + 20  # at the left edge, where 0 is
