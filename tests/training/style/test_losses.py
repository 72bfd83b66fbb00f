"""What the losses call near and far."""

import numpy as np
import pytest

from tests.training.style.conftest import smooth
from training.style.losses import (
    STATISTICS_WEIGHTS,
    Perception,
    content_distance,
    statistics,
    style_distance,
)
from training.style.vgg import VggError, load_vgg


@pytest.fixture(scope="module")
def perception(vgg_weights):
    return Perception(load_vgg(vgg_weights))


def picture(seed: int) -> np.ndarray:
    return smooth(seed, 64)[None].astype(np.float32) / 255


def test_statistics_are_numpys():
    x = np.random.default_rng(0).random((2, 5, 6, 4), np.float32)
    mean, covariance = statistics(x)
    for one, m, c in zip(x, mean, covariance, strict=True):
        flat = one.reshape(30, 4)
        np.testing.assert_allclose(m, flat.mean(axis=0), atol=1e-6)
        np.testing.assert_allclose(c, np.cov(flat.T, bias=True), atol=1e-6)


def test_a_picture_is_near_itself_and_far_from_another(perception):
    content, style = perception.content_and_style(picture(0))
    assert len(style) == len(STATISTICS_WEIGHTS)
    other_content, other_style = perception.content_and_style(picture(1))
    assert float(content_distance(content, content)[0]) == 0
    assert float(content_distance(other_content, content)[0]) > 0.1
    assert float(style_distance(style, style)[0]) < 2e-3
    assert float(style_distance(other_style, style)[0]) > 0.05


def test_style_ignores_positions(perception):
    """A picture turned around has its style, near enough, and not its content."""
    content, style = perception.content_and_style(picture(0))
    turned_content, turned_style = perception.content_and_style(picture(0)[:, ::-1, ::-1].copy())
    _, other_style = perception.content_and_style(picture(1))
    turned = float(style_distance(turned_style, style)[0])
    assert turned < 0.7 * float(style_distance(other_style, style)[0])
    assert float(content_distance(turned_content, content)[0]) > 0.1


def test_vgg_is_kerass_own(vgg_weights):
    import keras

    ours = load_vgg(vgg_weights, "block2_conv2")
    theirs = keras.applications.VGG19(include_top=False, weights=None)
    for layer in ours.layers:
        if layer.weights:
            theirs.get_layer(layer.name).set_weights(layer.get_weights())
    theirs = keras.Model(theirs.input, theirs.get_layer("block2_conv2").output)
    rgb = picture(0)
    expected = theirs(keras.applications.vgg19.preprocess_input(rgb * 255.0))
    np.testing.assert_allclose(ours(rgb), expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("content", [b"no npz", "others", "cut", "an array"])
def test_weights_of_another_kind_are_refused(content, tmp_path):
    path = tmp_path / "weights.npz"
    if content in ("others", "cut"):
        np.savez(path, nothing=np.zeros(300))
    if content == "cut":
        path.write_bytes(path.read_bytes()[:-50])
    elif content == "an array":
        with path.open("wb") as file:
            np.save(file, np.zeros(3))
    elif content != "others":
        path.write_bytes(content)
    with pytest.raises(VggError, match="weights.npz"):
        load_vgg(path)
