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

# 256x256 gray pixels, the size that clients send: the head of samples/admiral.jpg (public domain).
# A photo, as a model server may judge by the record what the model's users will see.
WARMUP_PHOTO = Path(__file__).with_name("warm_up.png")


def write_saved_model(folder: Path, network: keras.Model, name: str, recipe: Recipe) -> None:
    """Write `network` (L* -> a*b*/128 at a quarter) into `folder` as model `name` (`color/v1`).

    Two values of `recipe` count: the published model sees the photo at `scale` times its size, and
    what it predicts is multiplied by `chroma_gain`. Raises OSError where the disk refuses.
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

    def predicted(lightness: tf.Tensor, cells: tf.Tensor) -> tf.Tensor:
        """The network's a*b*/128 of a padded L*, [B, *cells, 2]."""
        if recipe.scale == 1.0:
            return frozen(lightness)
        # To whole strides again: this stretches by at most half a stride.
        size = tf.cast(cells * COLOR_STRIDE, tf.float32) * (recipe.scale / stride)
        size = tf.cast(tf.maximum(tf.round(size), 1.0), tf.int32) * stride
        return tf.image.resize(frozen(_resized(lightness, size)), cells)

    def ab_cells(lightness: tf.Tensor) -> tf.Tensor:
        """[B, H, W, 1] -> a*b*/128 [B, H', W', 2], a cell for every 4x4 pixels of the padded L*."""
        for axis in (1, 2):
            # The last row and column are repeated; tf.pad cannot reflect a 1-pixel picture.
            last = lightness[:, -1:] if axis == 1 else lightness[:, :, -1:]
            missing = -tf.shape(lightness)[axis] % stride
            lightness = tf.concat([lightness, tf.repeat(last, missing, axis)], axis)
        cells = tf.shape(lightness)[1:3] // COLOR_STRIDE
        return tf.clip_by_value(predicted(lightness, cells) * recipe.chroma_gain, -1.0, 1.0)

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


def _resized(picture: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """[B, H, W, 1] -> [B, *size, 1], antialiased.

    First the rows, then the columns, each time the other axis in the place of the channels:
    TensorFlow computes on all channels at once, and pixel by pixel where there is but one.
    """
    for axis in (0, 1):
        rows = tf.image.resize(tf.transpose(picture, (0, 1, 3, 2)), (size[axis], 1), antialias=True)
        picture = tf.transpose(rows, (0, 3, 1, 2))
    return picture


def write_warmup(folder: Path) -> None:
    """Write `assets.extra/tf_serving_warmup_requests`: one request for each signature.

    A model server replays them before it takes traffic (TensorFlow Serving's SavedModel warm-up):
    a TFRecord file of serialized PredictionLog messages.
    """
    png = WARMUP_PHOTO.read_bytes()
    gray = tf.cast(tf.io.decode_png(png, channels=1), tf.float32)[None]
    # Half as high and wide, as its floats take a quarter of a megabyte otherwise.
    half = tf.nn.avg_pool2d(gray, 2, 2, "VALID") / 2.55
    requests = {
        "packed": {"l_bytes": np.array([png], object)},
        "serving_default": {"input_1": half.numpy()},
    }
    write_requests(folder, requests)
