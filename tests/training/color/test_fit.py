"""The loop learns, keeps the best weights, and can be told to repeat itself."""

import dataclasses

import keras
import numpy as np
import pytest

from training.color import fit, recipes
from training.color.all_convolution import all_convolution
from training.color.lab_batches import as_batch, degrade, training_batch, validation_batches
from training.color.loss import color_loss
from training.loop.optimizers import LayerwiseAdamW

RECIPE = dataclasses.replace(
    recipes.load("v1"),
    width=8,
    dilations=(1,),
    photo_side=32,
    crop_side=32,
    samples=480,
    samples_per_epoch=120,
    batch_size=8,
    learning_rate=3e-3,
    ema=0.9,
)


def photos(count: int, tint: tuple[float, float, float], seed: int = 0) -> np.ndarray:
    """Smooth gray ramps, all of one tint: a color that can be learned in seconds."""
    rng = np.random.default_rng(seed)
    corners = rng.uniform(60, 200, (count, 2, 2))
    ramp = np.linspace(0, 1, 32)
    rows = corners[:, 0, :, None] * (1 - ramp) + corners[:, 1, :, None] * ramp
    gray = rows[:, 0, :, None] * (1 - ramp) + rows[:, 1, :, None] * ramp
    return (gray[..., None] * np.array(tint)).clip(0, 255).astype(np.uint8)


@pytest.fixture
def network() -> keras.Model:
    return all_convolution(RECIPE.width, RECIPE.dilations, RECIPE.seed)


def test_learns_a_color(network):
    state = fit.train(
        network,
        photos(40, (1.0, 0.8, 0.6)),
        photos(8, (1.0, 0.8, 0.6), seed=1),
        RECIPE,
    )
    assert [look["step"] for look in state.history] == [15, 30, 45, 60]
    assert state.finished
    held_back = validation_batches(photos(8, (1.0, 0.8, 0.6), seed=1), RECIPE)
    gray_loss = fit.validation_loss(_compiled(all_convolution(8, (1,))), held_back)
    assert fit.validation_loss(network, held_back) < 0.25 * gray_loss


def test_keeps_the_best_weights_not_the_last(network):
    """What is learned is the opposite of what is asked for: the untrained network stays best."""
    before = [np.array(w) for w in network.trainable_weights]
    fit.train(network, photos(16, (1.0, 0.8, 0.5)), photos(4, (0.5, 0.8, 1.0), seed=1), RECIPE)
    for start, kept in zip(before, network.trainable_weights, strict=True):
        np.testing.assert_array_equal(start, kept)


def _compiled(network: keras.Model) -> keras.Model:
    network.compile(loss=color_loss(RECIPE.huber_delta, RECIPE.psnr_share))
    return network


def test_batches_are_the_same_again_in_range_and_in_parts():
    data = photos(24, (1.0, 0.9, 0.8))
    for step in (0, 2, 40):
        lightness, truth = training_batch(data, RECIPE, step)
        assert lightness.shape == (8, 32, 32, 1)
        assert truth.shape == (8, 8, 8, 3)
        assert 0 <= lightness.min() <= lightness.max() <= 100
        again = training_batch(data, RECIPE, step)
        np.testing.assert_array_equal(lightness, again[0])
        np.testing.assert_array_equal(truth, again[1])
        parts = [training_batch(data, RECIPE, step, rows) for rows in (slice(0, 4), slice(4, 8))]
        np.testing.assert_array_equal(lightness, np.concatenate([part[0] for part in parts]))
        np.testing.assert_array_equal(truth, np.concatenate([part[1] for part in parts]))


def test_crops_may_be_larger_than_the_photos():
    """They are enlarged then; validation photos are not."""
    recipe = dataclasses.replace(RECIPE, crop_side=48)
    data = photos(8, (1.0, 0.9, 0.8))[:, :30, :30]
    lightness, truth = training_batch(data, recipe, 0)
    assert (lightness.shape, truth.shape) == ((8, 48, 48, 1), (8, 12, 12, 3))
    ((lightness, truth),) = validation_batches(data, recipe)
    assert (lightness.shape, truth.shape) == ((8, 24, 24, 1), (8, 6, 6, 3))


def test_every_photo_comes_once_before_any_comes_again():
    class Counted:
        def __init__(self, data):
            self.data, self.requested = data, []

        def __len__(self):
            return len(self.data)

        def __getitem__(self, index):
            self.requested.append(index)
            return self.data[index]

    data = Counted(photos(20, (1.0, 0.9, 0.8)))
    for step in range(5):
        training_batch(data, RECIPE, step)
    assert sorted(data.requested[:20]) == sorted(data.requested[20:]) == list(range(20))
    assert data.requested[:20] != data.requested[20:]


def test_truth_is_not_degraded():
    data = photos(4, (1.0, 0.8, 0.6))
    _, plain = as_batch(data)
    lightness, roughened = as_batch(data, np.random.default_rng(0))
    np.testing.assert_array_equal(plain, roughened)
    assert np.abs(lightness - as_batch(data)[0]).max() > 1


def test_degradation_stays_in_range():
    rng = np.random.default_rng(0)
    for _ in range(50):
        rough = degrade(rng.uniform(0, 100, (32, 32)).astype(np.float32), rng)
        assert rough.dtype == np.float32
        assert 0 <= rough.min() <= rough.max() <= 100


def test_pretrained_layers_move_at_their_own_rate():
    """Adam's first step is the rate itself, whatever the gradient; decay is the others' alone."""
    inputs = keras.Input((1,))
    encoder = keras.layers.Dense(1, name="encoder_a", kernel_initializer="ones")
    decoder = keras.layers.Dense(1, name="decoder_a", kernel_initializer="ones")
    network = keras.Model(inputs, decoder(encoder(inputs)))
    network.compile(
        LayerwiseAdamW(
            0.1,
            weight_decay=0.5,
            rate_of=lambda path: 0.25 if path.startswith("encoder") else 1.0,
        ),
        loss="mse",
    )
    network.train_on_batch(np.ones((4, 1)), np.zeros((4, 1)))
    assert float(encoder.kernel[0, 0]) == pytest.approx(1.0 - 0.25 * 0.1, abs=1e-4)
    assert float(decoder.kernel[0, 0]) == pytest.approx(1.0 - 0.1 - 0.1 * 0.5, abs=1e-4)
