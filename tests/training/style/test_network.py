"""The two networks, on any size, and what they start from."""

import dataclasses

import numpy as np
import pytest

from training.style.network import (
    STYLE_NUMBERS,
    ConditionalInstanceNormalization,
    style_network,
    stylizer,
    transformer,
)


@pytest.fixture(scope="module")
def tiny():
    return transformer(width=2, blocks=1, seed=1)


def numbers(seed: int, count: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, STYLE_NUMBERS)).astype(np.float32)


@pytest.mark.parametrize("size", [(16, 16), (20, 64), (64, 36)])
def test_the_transformer_keeps_the_size_and_the_range(tiny, size):
    photo = np.random.default_rng(0).random((2, *size, 3), np.float32)
    painted = np.asarray(tiny([photo, numbers(0, 2)]))
    assert painted.shape == photo.shape
    assert painted.min() >= 0 and painted.max() <= 1


def test_another_style_gives_another_picture(tiny):
    photo = np.random.default_rng(0).random((1, 16, 16, 3), np.float32)
    one, other = (np.asarray(tiny([photo, numbers(seed)])) for seed in (1, 2))
    assert np.abs(one - other).max() > 1e-3


def test_instance_normalization_does_what_its_name_says():
    layer = ConditionalInstanceNormalization()
    x = np.random.default_rng(0).random((2, 8, 9, 3), np.float32) * 5 + 3
    style = numbers(3, 2)
    y = np.asarray(layer([x, style]))
    scale, shift = np.asarray(layer.scale(style)), np.asarray(layer.shift(style))
    np.testing.assert_allclose(y.mean(axis=(1, 2)), shift, atol=1e-4)
    np.testing.assert_allclose(y.std(axis=(1, 2)), np.abs(scale), rtol=1e-3)


def test_the_style_network_has_mobilenets_shape():
    import keras

    ours = style_network()
    theirs = keras.applications.MobileNetV2(weights=None, include_top=False)
    kernels = [
        [w.shape for w in network.weights if "kernel" in w.name] for network in (ours, theirs)
    ]
    assert kernels[0][:-1] == kernels[1]  # ours ends with the style's 100 numbers


def test_the_seed_decides_the_weights(tiny_recipe):
    def weights(seed: int) -> list[np.ndarray]:
        networks = stylizer(dataclasses.replace(tiny_recipe, seed=seed))
        return [values for network in networks for values in network.get_weights()]

    one, again, other = weights(1), weights(1), weights(2)
    assert all((a == b).all() for a, b in zip(one, again, strict=True))
    assert any((a != b).any() for a, b in zip(one, other, strict=True))
