"""A network as a SavedModel with the published signatures, frozen for TensorFlow 2.1.0 and later.

Signatures (docs/design.md, contract 2), for any height and width from 1 pixel up:

- `serving_default`: `input_1` float32 [B, H, W, 1], CIE L*, 0...100 -> `output_0` float32
  [B, H, W, 2], CIE a* and b* divided by 128.
- `packed`: `l_bytes` string [B], 8-bit gray PNGs of L*·255/100, of any sizes -> `ab_bytes` string
  [B], two-channel PNGs of a*+128 and b*+128 at a quarter of the size, rounded up; and `model`
  string [B].

The weights are constants, in one function that both signatures call, or they would be stored twice.
"""

import errno
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from training.color import networks
from training.color.all_convolution import COLOR_STRIDE
from training.color.recipe import Recipe
from training.publishing.frozen import freeze
from training.publishing.warmup_record import write_requests

_TYPICAL_CHROMA = 11.0 / 128.0  # the median photo's, root mean square, as networks predict it
_MOST_VIBRANCE = 2.5  # fog, snow and ink stay what they are
WARMUP_SIDE = 256  # pixels; the size that clients send


def write_saved_model(folder: Path, network: keras.Model, name: str, recipe: Recipe) -> None:
    """Write `network` (L* -> a*b*/128 at a quarter) into `folder` as model `name` (`color/v1`).

    Four values of `recipe` count. The published model looks at the photo in each size of `scales`,
    shares of its own, takes the mean of what it sees, times `chroma_gain`, and evens out how vivid
    photos are by `vibrance`, 0...1. With `soften`, what it looks at is the photo blurred by a 3x3
    box. Raises OSError where the disk refuses.
    """
    try:
        module = _module(network, name, recipe)
        signatures = {"serving_default": module.serving_default, "packed": module.packed}
        tf.saved_model.save(module, str(folder), signatures=signatures)
        write_warmup(folder)
    except tf.errors.OpError as error:
        # TensorFlow has errors of its own for files; a full disk is the one that happens.
        raise OSError(errno.EIO, error.message) from error


def _module(network: keras.Model, name: str, recipe: Recipe) -> tf.Module:
    stride = networks.stride(network)
    frozen = freeze(network, tf.TensorSpec([None, None, None, 1], tf.float32))

    def ab_at(lightness: tf.Tensor, scale: float, cells: tf.Tensor) -> tf.Tensor:
        """The network's a*b*/128 of a padded L* that is looked at in size `scale`."""
        if scale == 1.0:
            return frozen(lightness)
        # To whole strides again: this stretches by at most half a stride.
        size = tf.cast(cells * COLOR_STRIDE, tf.float32) * (scale / stride)
        size = tf.cast(tf.maximum(tf.round(size), 1.0), tf.int32) * stride
        smaller = tf.image.resize(lightness, size, antialias=True)
        return tf.image.resize(frozen(smaller), cells)

    def evened(ab: tf.Tensor) -> tf.Tensor | float:
        """What makes the chroma of each photo more like a typical one's, [B, 1, 1, 1].

        Where a network is in doubt it predicts little chroma, and color that is added there costs
        the least: its square error was large and stays so.
        """
        if recipe.vibrance == 0.0:
            return 1.0
        chroma = tf.sqrt(tf.reduce_mean(tf.reduce_sum(ab**2, -1, True), [1, 2], True))
        return tf.minimum((_TYPICAL_CHROMA / (chroma + 1e-6)) ** recipe.vibrance, _MOST_VIBRANCE)

    def ab_cells(lightness: tf.Tensor) -> tf.Tensor:
        """[B, H, W, 1] -> a*b*/128 [B, H', W', 2], a cell for every 4x4 pixels of the padded L*."""
        if recipe.soften:
            lightness = tf.nn.avg_pool2d(lightness, 3, 1, "SAME")  # at edges, of what is there
        for axis in (1, 2):
            # The last row and column are repeated; tf.pad cannot reflect a 1-pixel picture.
            length = tf.shape(lightness)[axis]
            padded = -(-length // stride) * stride
            lightness = tf.gather(lightness, tf.minimum(tf.range(padded), length - 1), axis=axis)
        cells = tf.shape(lightness)[1:3] // COLOR_STRIDE
        looks = [ab_at(lightness, scale, cells) for scale in recipe.scales]
        ab = tf.add_n(looks) / len(looks)
        return tf.clip_by_value(ab * recipe.chroma_gain * evened(ab), -1.0, 1.0)

    class ColorModel(tf.Module):
        @tf.function(
            input_signature=[tf.TensorSpec([None, None, None, 1], tf.float32, name="input_1")]
        )
        def serving_default(self, input_1: tf.Tensor) -> dict[str, tf.Tensor]:
            height, width = tf.shape(input_1)[1], tf.shape(input_1)[2]
            ab = ab_cells(input_1)
            padded = tf.shape(ab)[1:3] * COLOR_STRIDE
            return {"output_0": tf.image.resize(ab, padded)[:, :height, :width]}

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="l_bytes")])
        def packed(self, l_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
            def one(png: tf.Tensor) -> tf.Tensor:
                gray = tf.io.decode_png(png, channels=1)
                height, width = tf.shape(gray)[0], tf.shape(gray)[1]
                lightness = tf.cast(gray, tf.float32)[None] * (100.0 / 255.0)
                ab = ab_cells(lightness)[0]
                ab = ab[: -(-height // COLOR_STRIDE), : -(-width // COLOR_STRIDE)]
                pixels = tf.clip_by_value(tf.round(ab * 128.0 + 128.0), 0.0, 255.0)
                return tf.io.encode_png(tf.cast(pixels, tf.uint8), compression=1)

            # A batch of one, what clients send, and mixed sizes alike.
            ab_bytes = tf.map_fn(one, l_bytes, fn_output_signature=tf.string)
            return {"ab_bytes": ab_bytes, "model": tf.fill(tf.shape(l_bytes), name)}

    return ColorModel()


def write_warmup(folder: Path) -> None:
    """Write `assets.extra/tf_serving_warmup_requests`: one request for each signature.

    A model server replays them before it takes traffic (TensorFlow Serving's SavedModel warm-up):
    a TFRecord file of serialized PredictionLog messages.
    """
    ramp = np.linspace(0, 255, WARMUP_SIDE * WARMUP_SIDE).astype(np.uint8)
    gray = ramp.reshape(WARMUP_SIDE, WARMUP_SIDE, 1)
    write_requests(
        folder,
        {
            "packed": {"l_bytes": np.array([tf.io.encode_png(gray).numpy()], object)},
            # Half as high and wide, as its floats take a quarter of a megabyte otherwise.
            "serving_default": {"input_1": gray[None, ::2, ::2].astype(np.float32) / 2.55},
        },
    )
