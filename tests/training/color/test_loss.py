"""The loss: what it weighs alike, and the picture it judges against the measures' own formulas."""

import numpy as np
import pytest
import tensorflow as tf

from training.color import metrics
from training.color.loss import color_loss, colorfulness, picture_reward, redness, to_rgb
from training.photos.lab import lab_to_rgb, rgb_to_lab


def truth_of(rgb: np.ndarray) -> np.ndarray:
    """Photos (uint8 [B, S, S, 3]) as the loss wants the truth: a*/128, b*/128, L*/100."""
    lab = rgb_to_lab(rgb)
    return np.concatenate([lab[..., 1:] / 128.0, lab[..., :1] / 100.0], axis=-1)


@pytest.fixture
def photos() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), np.uint8)


def test_psnr_share_weighs_photos_alike():
    """Halving the error of a photo counts the same, whether it was far off or nearly right."""
    truth = np.zeros((2, 4, 4, 3), np.float32)

    def gain(error: float) -> float:
        loss = color_loss(delta=0.5, psnr_share=1.0)
        ab = truth[..., :2]
        return float(loss(truth, ab + error)) - float(loss(truth, ab + error / 2))

    assert gain(0.4) == pytest.approx(gain(0.2), rel=0.05)


def test_a_loss_without_psnr_share_is_the_mean_huber_loss():
    truth, predicted = np.zeros((1, 2, 2, 3), np.float32), np.full((1, 2, 2, 2), 0.11, np.float32)
    expected = (0.11 * 128 / 110) ** 2  # a half of the square, for a* and for b*
    assert float(color_loss(0.5, 0.0)(truth, predicted)) == pytest.approx(expected, rel=1e-5)


def test_the_picture_is_the_one_that_is_published(photos):
    lab = rgb_to_lab(photos)
    lab[..., 1:] *= 1.3  # beyond the gamut in places
    made = np.asarray(to_rgb(lab[..., :1] / 100.0, lab[..., 1:] / 128.0))
    assert np.abs(made - lab_to_rgb(lab)).max() <= 0.51


def test_colorfulness_is_the_measure(photos):
    expected = [metrics.colorfulness(photo) for photo in photos]
    np.testing.assert_allclose(colorfulness(photos.astype(np.float32)), expected, rtol=1e-3)


def test_the_reward_of_a_picture_is_its_psnr_and_its_colorfulness(photos):
    truth = truth_of(photos)
    predicted = truth[..., :2] * 0.3
    pictures = lab_to_rgb(np.concatenate([truth[..., 2:] * 100.0, predicted * 128.0], axis=-1))
    psnr = [
        metrics.psnr(metrics.squared_error(*pair)) for pair in zip(photos, pictures, strict=True)
    ]
    # The least error counts as 30 levels squared: what is near enough has no more reward.
    np.testing.assert_allclose(picture_reward(truth, predicted, 0.0), psnr, atol=0.2)
    more = picture_reward(truth, predicted, 0.05) - picture_reward(truth, predicted, 0.0)
    expected = [0.05 * metrics.colorfulness(picture) for picture in pictures]
    np.testing.assert_allclose(more, expected, rtol=0.01)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_every_gray_has_a_slope(level):
    """From a network that starts gray, and of black and white, where colors leave the gamut."""
    truth = truth_of(np.full((2, 4, 4, 3), level, np.uint8))
    predicted = tf.zeros((2, 4, 4, 2))
    with tf.GradientTape() as tape:
        tape.watch(predicted)
        loss = color_loss(0.5, 0.5, picture_weight=1.0, vividness=0.05)(truth, predicted)
    assert np.isfinite(tape.gradient(loss, predicted)).all()


def test_vividness_pays_for_color():
    """Color that is no nearer to the truth than none is worth having only where it is paid for."""
    truth = truth_of(np.full((1, 4, 4, 3), 128, np.uint8))
    gray = np.zeros((1, 4, 4, 2), np.float32)
    colored = gray + np.array([[0.02], [-0.02]], np.float32).repeat(2, axis=0)[:, None]

    def pays_off(vividness: float) -> bool:
        loss = color_loss(0.5, 0.0, picture_weight=10.0, vividness=vividness)
        return float(loss(truth, colored)) < float(loss(truth, gray))

    assert not pays_off(0.0)
    assert pays_off(1.0)


@pytest.mark.parametrize(
    ("color", "levels"),
    [
        ((200, 60, 50), 130),  # red
        ((230, 170, 190), 60),  # pink
        ((150, 100, 180), 50),  # violet
        ((224, 172, 140), 20),  # skin
        ((230, 130, 40), 10),  # orange
        ((140, 100, 60), 0),  # brown
        ((60, 140, 200), 0),  # blue
        ((90, 90, 90), 0),
    ],
)
def test_red_pink_and_violet_have_redness(color, levels):
    assert float(redness(np.array(color, np.float32))) == levels


def test_red_caution_makes_red_that_is_not_there_dearer_and_only_that():
    """Neither red that the photo has and the prediction lacks, nor another color."""
    gray = truth_of(np.full((1, 4, 4, 3), 128, np.uint8))
    red = truth_of(np.full((1, 4, 4, 3), (170, 115, 125), np.uint8))
    green = truth_of(np.full((1, 4, 4, 3), (100, 140, 110), np.uint8))

    def extra(truth: np.ndarray, predicted: np.ndarray) -> float:
        """What the reward loses by the caution, in dB."""
        plain, cautious = (
            picture_reward(truth, predicted[..., :2], 0.0, caution) for caution in (0.0, 0.4)
        )
        return float(plain[0] - cautious[0])

    assert extra(gray, red) > 1
    assert extra(red, gray) == extra(red, red) == extra(gray, green) == 0
