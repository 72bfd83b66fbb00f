"""v2's network keeps to its limits, and starts gray."""

import dataclasses

import keras
import numpy as np
import pytest

from training.color import fit, networks, recipes
from training.color.encoder import EncoderError
from training.color.layers import UpConvolution
from training.color.semantic_network import semantic_network

RECIPE = dataclasses.replace(
    recipes.load("v2"), encoder=0, decoder=(16, 16, 16, 8), pretrained=False
)


def test_gives_a_color_for_four_by_four_pixels_and_starts_gray():
    network = networks.build(RECIPE)
    ab = np.asarray(network(np.full((2, 64, 96, 1), 50.0, np.float32)))
    assert ab.shape == (2, 16, 24, 2)
    assert not ab.any()


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 5)])
def test_a_coarse_picture_is_doubled_and_convolved_beside_a_fine_one(height, width):
    """As the three plain layers do it, with their weights."""
    rng = np.random.default_rng(0)
    coarse = rng.standard_normal((2, height, width, 8)).astype(np.float32)
    fine = rng.standard_normal((2, 2 * height, 2 * width, 3)).astype(np.float32)
    layer = UpConvolution(6, keras.random.SeedGenerator(0))
    layer([coarse, fine])
    layer.set_weights([layer.get_weights()[0], rng.standard_normal(6)])
    doubled = keras.layers.UpSampling2D(2, interpolation="nearest")(coarse)
    beside = keras.layers.Concatenate()([doubled, fine])
    plain = keras.layers.Conv2D(6, 3, padding="same", activation="relu")
    plain.build(beside.shape)
    plain.set_weights(layer.get_weights())
    expected = np.asarray(plain(beside))
    assert expected.any()
    np.testing.assert_allclose(np.asarray(layer([coarse, fine])), expected, atol=1e-5)


def test_v2_is_small_enough():
    recipe = recipes.load("v2")
    network = semantic_network(recipe.encoder, recipe.decoder)
    assert network.count_params() <= 10_000_000
    # As float32; the published constants are float16.
    assert 4 * network.count_params() <= 25_000_000


def test_trains_on_photos_of_any_side(tmp_path):
    """The pictures of the journal are cut to what the network takes: 48 pixels to 32."""
    recipe = dataclasses.replace(
        RECIPE, photo_side=48, crop_side=32, samples=8, samples_per_epoch=4, batch_size=4
    )
    photos = np.random.default_rng(0).integers(0, 256, (6, 48, 48, 3), np.uint8)
    state = fit.train(networks.build(recipe), photos[:4], photos[4:], recipe, journal=tmp_path)
    assert state.finished
    assert [look["epoch"] for look in state.history] == [1, 2]


def test_the_seed_decides_the_weights():
    first, second, other = (
        networks.build(dataclasses.replace(RECIPE, seed=seed)).get_layer("decoder_4").kernel
        for seed in (1, 1, 2)
    )
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_pretrained_weights_that_are_not_installed_are_asked_for(monkeypatch):
    monkeypatch.setattr("training.color.encoder.importlib.import_module", _missing)
    with pytest.raises(EncoderError, match="--pretrained no"):
        networks.build(dataclasses.replace(RECIPE, pretrained=True))


def _missing(name: str) -> None:
    raise ImportError(name)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"network": "unet"}, "all_convolution, semantic"),
        ({"crop_side": 40}, "multiple of 32"),
        ({"encoder": 3}, "0, 1 or 2"),
        ({"decoder": (8, 8)}, "four numbers"),
    ],
)
def test_a_network_that_cannot_be_built_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(RECIPE, **change)
