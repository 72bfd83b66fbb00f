"""A style transfer model as a SavedModel with the published signatures, frozen for TensorFlow 2.1.

Signatures (docs/design.md, contract 2), for any height and width from 1 pixel up:

- `serving_default`: `placeholder` float32 [B, H, W, 3], the photo, and `placeholder_1`
  [B, h, w, 3], the style (or one for all, [1, h, w, 3]) -> `output_0` [B, H, W, 3]; RGB in 0...1.
- `packed`: `content_bytes` and `style_bytes` string [B], RGB PNGs of any sizes, and `strength`
  float32 [B], the share of the painting, the rest is photo: 0...1 -> `stylized_bytes` string [B],
  RGB PNGs of the photos' sizes; and `model` string [B].

The weights are constants, in functions that both signatures call, or they would be stored twice.
"""

import errno
from pathlib import Path
from typing import Protocol

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from training.publishing.frozen import freeze
from training.publishing.warmup_record import write_requests
from training.style.network import LEAST_SIDE, STRIDE, STYLE_NUMBERS, STYLE_SIDE

LONGEST_STYLE_SIDE = 2048  # pixels; of very long and narrow style pictures
# 256x256 pixels each: the head of samples/admiral.jpg (public domain), and samples/styles/waves.jpg
# (CC0). Pictures, as a model server may judge by the record what the model's users will see.
WARMUP_PHOTO = Path(__file__).with_name("warm_up_photo.jpg")
WARMUP_STYLE = Path(__file__).with_name("warm_up_style.jpg")


class Painter(Protocol):
    """A network that paints, as TensorFlow functions; all pictures float32, RGB in 0...1."""

    def style(self, picture: tf.Tensor) -> tf.Tensor:
        """What the network needs to know of a style picture [B, h, w, 3]."""

    def paint(self, photo: tf.Tensor, style: tf.Tensor) -> tf.Tensor:
        """Photos [B, H, W, 3], H and W multiples of 4 and at least 16 -> pictures of that size."""


class NetworkPainter(tf.Module):
    """Our own networks, frozen."""

    def __init__(self, style_network: keras.Model, transformer: keras.Model):
        super().__init__()
        pictures = tf.TensorSpec([None, None, None, 3], tf.float32)
        vectors = tf.TensorSpec([None, STYLE_NUMBERS], tf.float32)
        self._style = freeze(style_network, pictures)
        self._paint = freeze(transformer, pictures, vectors)

    def style(self, picture: tf.Tensor) -> tf.Tensor:
        """Its 100 numbers, [B, 100]."""
        return self._style(style_scale(picture))

    def paint(self, photo: tf.Tensor, style: tf.Tensor) -> tf.Tensor:
        """The transformer's picture."""
        return self._paint(photo, style)


def style_scale(picture: tf.Tensor) -> tf.Tensor:
    """A picture [B, h, w, 3] at about 256x256 pixels of area, its proportions kept."""
    size = tf.cast(tf.shape(picture)[1:3], tf.float32)
    scale = STYLE_SIDE / tf.sqrt(size[0] * size[1])
    scaled = tf.clip_by_value(tf.round(size * scale), 1.0, LONGEST_STYLE_SIDE)
    # Antialiased: a style is what its smallest strokes look like.
    return tf.image.resize(picture, tf.cast(scaled, tf.int32), antialias=True)


def mirror_pad(picture: tf.Tensor) -> tf.Tensor:
    """[B, H, W, 3] with rows and columns added below and to the right, as a mirror shows them.

    H and W become multiples of 4 and at least 16; a mirror of a mirror where that is more than
    the picture has.
    """
    for axis in (1, 2):
        length = tf.shape(picture)[axis]
        padded = tf.maximum(-(-length // STRIDE) * STRIDE, LEAST_SIDE)
        period = tf.maximum(2 * length - 2, 1)
        place = tf.range(padded) % period
        picture = tf.gather(picture, tf.minimum(place, period - place), axis=axis)
    return picture


def write_saved_model(folder: Path, painter: Painter, name: str) -> None:
    """Write `painter` into `folder` as model `name` (`style/v1`), with both signatures.

    Raises OSError where the disk refuses.
    """
    try:
        module = _module(painter, name)
        signatures = {"serving_default": module.serving_default, "packed": module.packed}
        tf.saved_model.save(module, str(folder), signatures=signatures)
        write_warmup(folder)
    except tf.errors.OpError as error:
        # TensorFlow has errors of its own for files; a full disk is the one that happens.
        raise OSError(errno.EIO, error.message) from error


def _module(painter: Painter, name: str) -> tf.Module:
    pictures = [None, None, None, 3]

    class StyleModel(tf.Module):
        @tf.function(
            input_signature=[
                tf.TensorSpec(pictures, tf.float32, name="placeholder"),
                tf.TensorSpec(pictures, tf.float32, name="placeholder_1"),
            ]
        )
        def serving_default(
            self, placeholder: tf.Tensor, placeholder_1: tf.Tensor
        ) -> dict[str, tf.Tensor]:
            height, width = tf.shape(placeholder)[1], tf.shape(placeholder)[2]
            painted = painter.paint(mirror_pad(placeholder), painter.style(placeholder_1))
            return {"output_0": tf.clip_by_value(painted[:, :height, :width], 0.0, 1.0)}

        @tf.function(
            input_signature=[
                tf.TensorSpec([None], tf.string, name="content_bytes"),
                tf.TensorSpec([None], tf.string, name="style_bytes"),
                tf.TensorSpec([None], tf.float32, name="strength"),
            ]
        )
        def packed(
            self, content_bytes: tf.Tensor, style_bytes: tf.Tensor, strength: tf.Tensor
        ) -> dict[str, tf.Tensor]:
            def one(request: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> tf.Tensor:
                photo, style_picture, strength = (
                    _decoded(request[0]),
                    _decoded(request[1]),
                    tf.clip_by_value(request[2], 0.0, 1.0),
                )
                height, width = tf.shape(photo)[1], tf.shape(photo)[2]
                style = painter.style(style_scale(style_picture))
                painted = painter.paint(mirror_pad(photo), style)[:, :height, :width]
                # Pixels are blended, not styles (the photo's own and the other; Ghiasi et al.
                # 2017): a photo in its own style is a painting, too, and has lost its edges.
                blend = photo + strength * (tf.clip_by_value(painted, 0.0, 1.0) - photo)
                pixels = tf.round(blend[0] * 255.0)
                return tf.io.encode_png(tf.cast(pixels, tf.uint8), compression=1)

            requests = (content_bytes, style_bytes, strength)
            stylized = tf.map_fn(one, requests, fn_output_signature=tf.string)
            return {"stylized_bytes": stylized, "model": tf.fill(tf.shape(content_bytes), name)}

    model = StyleModel()
    model.painter = painter  # what the signatures call must live as long as they
    return model


def _decoded(png: tf.Tensor) -> tf.Tensor:
    """[1, H, W, 3], 0...1."""
    return tf.cast(tf.io.decode_png(png, channels=3), tf.float32)[None] / 255.0


def write_warmup(folder: Path) -> None:
    """Write the warm-up record: a photo and a style picture, by each signature."""
    files = WARMUP_PHOTO.read_bytes(), WARMUP_STYLE.read_bytes()
    photo, style = (tf.io.decode_jpeg(file, channels=3) for file in files)

    def packed(pixels: tf.Tensor) -> NDArray:
        return np.array([tf.io.encode_png(pixels).numpy()], object)

    def floats(pixels: tf.Tensor) -> NDArray:
        # A quarter as high and wide, as they take 1.6 MB otherwise.
        small = tf.nn.avg_pool2d(tf.cast(pixels, tf.float32)[None], 4, 4, "VALID")
        return (small / 255.0).numpy()

    write_requests(
        folder,
        {
            "packed": {
                "content_bytes": packed(photo),
                "style_bytes": packed(style),
                "strength": np.array([1.0], np.float32),
            },
            "serving_default": {"placeholder": floats(photo), "placeholder_1": floats(style)},
        },
    )
