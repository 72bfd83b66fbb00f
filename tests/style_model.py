"""A tiny style model with the published signatures and a rule in place of a network.

It stands in wherever a test needs *a* style model rather than ours: it is written in a second, and
what it answers can be computed by hand: each channel of the content is shifted so that its mean
becomes the style's, or goes `strength` of the way there, and cut off at 0 and 1. It can take its
time: so many seconds by the clock for each picture, whatever the machine.
"""

from pathlib import Path

import tensorflow as tf

_PICTURE = [None, None, None, 3]


def _paint(content, style, strength):
    def means(pictures):
        return tf.reduce_mean(pictures, axis=[1, 2], keepdims=True)

    shift = (means(style) - means(content)) * tf.reshape(strength, [-1, 1, 1, 1])
    return tf.clip_by_value(content + shift, 0.0, 1.0)


def _after(seconds, picture):
    """`picture`, so many seconds later."""
    end = tf.timestamp() + tf.constant(seconds, tf.float64)
    rounds = tf.while_loop(
        lambda _: tf.timestamp() < end, lambda count: count + 1, [tf.constant(0, tf.int64)]
    )
    with tf.control_dependencies(rounds):
        return tf.identity(picture)


class RuleStyleModel(tf.Module):
    """Answers as `models/style` does, both signatures, with the rule of this module; `packed` after
    `seconds`.
    """

    def __init__(self, model_name: str, seconds: float = 0.0):
        super().__init__()
        self.model_name = model_name
        self.seconds = seconds

    @tf.function(
        input_signature=[
            tf.TensorSpec(_PICTURE, tf.float32, name="placeholder"),
            tf.TensorSpec(_PICTURE, tf.float32, name="placeholder_1"),
        ]
    )
    def serving_default(self, placeholder, placeholder_1):
        strength = tf.ones([tf.shape(placeholder)[0]])
        return {"output_0": _paint(placeholder, placeholder_1, strength)}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, name="content_bytes"),
            tf.TensorSpec([None], tf.string, name="style_bytes"),
            tf.TensorSpec([None], tf.float32, name="strength"),
        ]
    )
    def packed(self, content_bytes, style_bytes, strength):
        def picture(png):
            return tf.cast(tf.io.decode_png(png, channels=3), tf.float32)[None] / 255.0

        def one(row):
            content, style, strength = row
            painted = _paint(picture(content), picture(style), strength[None])[0]
            if self.seconds:
                painted = _after(self.seconds, painted)
            return tf.io.encode_png(tf.cast(tf.round(painted * 255.0), tf.uint8))

        rows = (content_bytes, style_bytes, strength)
        names = tf.fill([tf.shape(content_bytes)[0]], self.model_name)
        return {
            "stylized_bytes": tf.map_fn(one, rows, fn_output_signature=tf.string),
            "model": names,
        }


class HubStyleModel(tf.Module):
    """The same rule behind the interface of TensorFlow Hub's model: one signature, and pictures
    that come back with each side rounded up to a multiple of 4.
    """

    @tf.function(
        input_signature=[
            tf.TensorSpec(_PICTURE, tf.float32, name="placeholder"),
            tf.TensorSpec(_PICTURE, tf.float32, name="placeholder_1"),
        ]
    )
    def serving_default(self, placeholder, placeholder_1):
        painted = _paint(placeholder, placeholder_1, tf.ones([tf.shape(placeholder)[0]]))
        height, width = tf.shape(painted)[1], tf.shape(painted)[2]
        padding = [[0, 0], [0, -height % 4], [0, -width % 4], [0, 0]]
        return {"output_0": tf.pad(painted, padding, constant_values=1.0)}


def write_style_model(
    base_path: Path,
    version: int = 1,
    *,
    name: str | None = None,
    packed: bool = True,
    seconds: float = 0.0,
) -> Path:
    """Write the model to `base_path/version` and return that folder; without `packed` it is the one
    with the hub's interface.
    """
    folder = Path(base_path) / str(version)
    if packed:
        model = RuleStyleModel(name or f"style/v{version}", seconds)
        signatures = {"serving_default": model.serving_default, "packed": model.packed}
    else:
        model = HubStyleModel()
        signatures = {"serving_default": model.serving_default}
    tf.saved_model.save(model, str(folder), signatures=signatures)
    return folder
