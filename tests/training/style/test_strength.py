"""How evenly strength changes a picture and what is left of the photo, by painters with a rule."""

import numpy as np
import pytest

from tests.style_model import write_style_model
from tests.training.style.conftest import smooth
from training.publishing.saved_model import ModelError
from training.style.strength import (
    STRENGTHS,
    edges_kept,
    load_packed,
    strength_curve,
    strength_table,
)

PAIRS = [(smooth(seed, 48), smooth(seed + 50, 48)) for seed in range(2)]


def blend(photo, style, strengths):
    return [np.rint(photo + s * (style.astype(float) - photo)).astype(np.uint8) for s in strengths]


def test_edges_kept():
    photo, other = PAIRS[0]
    assert edges_kept(photo, photo) == pytest.approx(1)
    assert edges_kept(255 - photo, photo) < -0.7
    assert abs(edges_kept(other, photo)) < 0.2
    assert edges_kept(photo // 2 + 60, photo) > 0.8, "contrast does not count"
    assert np.isnan(edges_kept(np.zeros_like(photo), photo))


def test_a_blend_is_even_and_a_late_one_is_not():
    even = strength_curve(blend, PAIRS)
    assert len(even.steps) == len(STRENGTHS) - 1 == len(even.edges) - 1
    assert even.unevenness < 1.5
    assert even.edges == sorted(even.edges, reverse=True)
    late = strength_curve(lambda p, s, strengths: blend(p, s, np.square(strengths)), PAIRS)
    assert late.unevenness > 4


def test_a_strength_0_that_is_not_the_photo_is_a_jump():
    def painted_at_0(photo, style, strengths):
        return blend(photo, style, 0.5 + np.array(strengths) / 2)

    curve = strength_curve(painted_at_0, PAIRS)
    assert np.argmax(curve.steps) == 0 and curve.unevenness > 4


def test_the_table():
    lines = strength_table({"some": strength_curve(blend, PAIRS)}).splitlines()
    assert len({line.count("|") for line in lines}) == 1
    assert [line.split(" | ")[0] for line in lines[2:]] == [
        "| some, CIEDE2000 from the last",
        "| some, edges kept",
    ]


def test_a_published_model_is_asked_by_its_packed_signature(tmp_path):
    paint = load_packed(write_style_model(tmp_path / "packed"))
    photo, style = PAIRS[0]
    none, full = paint(photo, style, [0.0, 1.0])
    np.testing.assert_array_equal(none, photo)
    assert np.abs(full.mean(axis=(0, 1)) - style.mean(axis=(0, 1))).max() < 3
    with pytest.raises(ModelError, match="no signature packed"):
        load_packed(write_style_model(tmp_path / "plain", packed=False))
