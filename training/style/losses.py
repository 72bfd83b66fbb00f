"""Distances of a picture from a photo's content and from a painting's style, by VGG-19.

Content (Gatys et al. 2016) is the features themselves. Style is their mean and covariance over the
picture, at two scales: at half its size, strokes come into the layers' view that would need a
deeper layer at full size. Every distance is relative to what it is measured against, so that flat
and busy paintings, shallow and deep layers count equally.
"""

from collections.abc import Sequence

import keras
from keras import ops

from training.style.vgg import layer_outputs

FULL_LAYERS = ("block1_conv2", "block2_conv2", "block3_conv1")
HALF_LAYERS = ("block2_conv2", "block3_conv3")
CONTENT = 2  # index into FULL_LAYERS
# Of the mean and the covariance of each layer above: strokes are in the deep covariances.
STATISTICS_WEIGHTS = (1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 1.0, 1.0, 1.0, 3.0)
FEATURE_UNIT = 256.0  # features are divided by it: statistics then fit into float16

Tensors = Sequence[keras.KerasTensor]


class Perception:
    """VGG-19, which measures content and style."""

    def __init__(self, vgg: keras.Model):
        self._full = layer_outputs(vgg, FULL_LAYERS)
        self._half = layer_outputs(vgg, HALF_LAYERS)

    def content(self, picture: keras.KerasTensor) -> keras.KerasTensor:
        """Content features of RGB in 0...1, [B, H, W, 3]."""
        return self._full(picture)[CONTENT] / FEATURE_UNIT

    def content_and_style(
        self, picture: keras.KerasTensor
    ) -> tuple[keras.KerasTensor, list[keras.KerasTensor]]:
        """Content features, and the statistics of style: mean and covariance of every layer."""
        full = [x / FEATURE_UNIT for x in self._full(picture)]
        half = [x / FEATURE_UNIT for x in self._half(ops.average_pool(picture, 2, 2))]
        return full[CONTENT], [part for x in [*full, *half] for part in statistics(x)]


def statistics(features: keras.KerasTensor) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Mean [B, C] and covariance [B, C, C] of features [B, H, W, C] over the picture."""
    batch, height, width, channels = ops.shape(features)
    x = ops.reshape(features, (batch, height * width, channels))
    mean = ops.mean(x, axis=1, keepdims=True)
    x = x - mean
    covariance = ops.matmul(ops.transpose(x, (0, 2, 1)), x) / ops.cast(height * width, x.dtype)
    return mean[:, 0], covariance


def content_distance(features: keras.KerasTensor, truth: keras.KerasTensor) -> keras.KerasTensor:
    """[B]: squared distance of features, relative to the truth's own variation."""
    variation = ops.mean(
        ops.square(truth - ops.mean(truth, axis=(1, 2), keepdims=True)), axis=(1, 2, 3)
    )
    return ops.mean(ops.square(features - truth), axis=(1, 2, 3)) / (variation + 1e-4)


def style_distance(statistics: Tensors, truth: Tensors) -> keras.KerasTensor:
    """[B]: distance of the statistics, relative to the truth's own size, weighted mean of all."""
    total = 0.0
    for weight, ours, theirs in zip(STATISTICS_WEIGHTS, statistics, truth, strict=True):
        axes = tuple(range(1, len(ours.shape)))
        size = ops.sum(ops.square(theirs), axis=axes)
        difference = ops.sum(ops.square(ours - theirs), axis=axes)
        # The root: a flat painting, far from every photo, must not outweigh all others.
        total += weight * ops.sqrt(difference / (size + 1e-6) + 1e-6)
    return total / sum(STATISTICS_WEIGHTS)
