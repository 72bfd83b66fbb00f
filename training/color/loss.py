"""The loss of the color network: the error in a*b*, and in the resulting sRGB picture.

In `keras.ops` alone, for every Keras backend.
"""

import math
from collections.abc import Callable

import keras
from keras import ops

from training.photos.lab import XYZ_RELATIVE_TO_RGB

_TYPICAL_ERROR = 0.01  # a photo's mean squared error of a*b*/110, to weigh the losses alike
_SMALLEST_ERROR = 0.001  # below it (3.5 units of a*b*) a photo is as good as right
_SMALLEST_RGB_ERROR = 30.0  # the same, of 255 levels squared: 33.4 dB
_PER_DECIBEL = math.log(10.0) / 10.0

_A, _B, _LIGHTNESS = slice(0, 1), slice(1, 2), slice(2, 3)  # channels of the truth
_EPSILON = 6.0 / 29.0  # as in training.photos.lab, which has the formulas and their source


def color_loss(
    delta: float,
    psnr_share: float,
    picture_weight: float = 0.0,
    vividness: float = 0.0,
    red_caution: float = 0.0,
) -> Callable:
    """The loss between the truth and the network's prediction.

    The truth is [B, H, W, 3], a* and b* divided by 128 and L* divided by 100; the prediction is a*
    and b* divided by 128, [B, H, W, 2]. Huber loss on a*b*/110, summed over a* and b* and averaged;
    its share `psnr_share` is replaced by the logarithm of each photo's mean squared error (Chen et
    al., "HINet", 2021). PSNR is that logarithm, so a photo that is nearly right counts as much as
    one that is far off.

    With `picture_weight`, a reward for the sRGB picture, the predicted color with the photo's own
    L*, lowers the loss: its PSNR in dB, plus `vividness` dB for each unit of its colorfulness. With
    that reward a network predicts strong color where it is most certain. `red_caution` is what red
    that the photo has not costs beyond its error, a share of its square.
    """
    huber = keras.losses.Huber(delta=delta)
    scale = 128.0 / 110.0

    def loss(truth: keras.KerasTensor, predicted: keras.KerasTensor) -> keras.KerasTensor:
        ab = truth[..., :2]
        total = (1.0 - psnr_share) * 2.0 * huber(ab * scale, predicted * scale)
        if psnr_share:
            squared = ops.sum(ops.square((ab - predicted) * scale), axis=-1)
            relative = ops.log(ops.mean(squared, axis=(1, 2)) + _SMALLEST_ERROR)
            total += psnr_share * _TYPICAL_ERROR * ops.mean(relative)
        if picture_weight:
            worse = ops.mean(-picture_reward(truth, predicted, vividness, red_caution))
            total += picture_weight * _TYPICAL_ERROR * _PER_DECIBEL * worse
        return total

    return loss


def picture_reward(
    truth: keras.KerasTensor,
    predicted: keras.KerasTensor,
    vividness: float,
    red_caution: float = 0.0,
) -> keras.KerasTensor:
    """PSNR in dB of each photo, and `vividness` times its colorfulness: [B].

    Both are of the cells that the network predicts, not of pixels. With `red_caution` the error
    that PSNR is of has the squared surplus of `redness` too, times it: the network then predicts a
    low expectile of red instead of its mean (Newey and Powell 1987), so red only where it is sure.
    """
    lightness = truth[..., _LIGHTNESS]
    picture, photo = to_rgb(lightness, predicted), to_rgb(lightness, truth[..., :2])
    error = ops.mean(ops.square(picture - photo), axis=(1, 2, 3))
    if red_caution:
        surplus = ops.relu(redness(picture) - redness(photo))
        error += red_caution * ops.mean(ops.square(surplus), axis=(1, 2))
    decibels = -ops.log((error + _SMALLEST_RGB_ERROR) / 255.0**2) / _PER_DECIBEL
    return decibels + vividness * colorfulness(picture) if vividness else decibels


def to_rgb(lightness: keras.KerasTensor, ab: keras.KerasTensor) -> keras.KerasTensor:
    """sRGB, 0...255, clipped, [B, H, W, 3], of L*/100 [B, H, W, 1] and a*b*/128 [B, H, W, 2]."""
    y = (lightness * 100.0 + 16.0) / 116.0
    x, z = y + ab[..., _A] * (128.0 / 500.0), y - ab[..., _B] * (128.0 / 200.0)
    f = ops.concatenate([x, y, z], axis=-1)
    xyz = ops.where(f > _EPSILON, f**3, 3 * _EPSILON**2 * (f - 4.0 / 29.0))
    # Not to zero: the power's slope has no end there, and 0 * infinity is no gradient.
    linear = ops.clip(ops.matmul(xyz, XYZ_RELATIVE_TO_RGB.T), 1e-6, 1.0)
    curve = 1.055 * linear ** (1 / 2.4) - 0.055
    return 255.0 * ops.where(linear <= 0.0031308, linear * 12.92, curve)


def redness(rgb: keras.KerasTensor) -> keras.KerasTensor:
    """How red, pink or violet sRGB 0...255 [B, H, W, 3] is, in levels: [B, H, W].

    By how much red exceeds green, less what makes it orange or brown: green's excess over blue.
    """
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    return ops.relu(red - green - ops.relu(green - blue))


def colorfulness(rgb: keras.KerasTensor) -> keras.KerasTensor:
    """As `training.photos.colorfulness`, of sRGB 0...255 [B, H, W, 3] -> [B], with a gradient."""
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    opponents = ops.stack([red - green, (red + green) / 2.0 - blue], axis=-1)
    mean = ops.mean(opponents, axis=(1, 2))
    variance = ops.mean(ops.square(opponents - mean[:, None, None]), axis=(1, 2))
    # A level more under each root: that of nothing has no slope.
    spread = ops.sqrt(ops.sum(variance, axis=-1) + 1.0)
    return spread + 0.3 * ops.sqrt(ops.sum(ops.square(mean), axis=-1) + 1.0)
