"""A tiny style model with the published signatures and a rule in place of a network.

The stylized picture is the content, mixed with the mean color of the style picture by `strength`.
It may take its time: `seconds` by the clock for each answer, whatever the machine.
"""

from pathlib import Path

import tensorflow as tf


class RuleStyleModel(tf.Module):
    """Answers as `models/style/1` does, both signatures, with the rule of this module."""

    def __init__(self, model_name: str, seconds: float):
        super().__init__()
        self.model_name = model_name
        self.seconds = seconds

    def _wait(self, picture):
        """`picture`, so many seconds later."""
        end = tf.timestamp() + tf.constant(self.seconds, tf.float64)
        rounds = tf.while_loop(
            lambda _: tf.timestamp() < end, lambda count: count + 1, [tf.constant(0)]
        )[0]
        with tf.control_dependencies([rounds]):
            return tf.identity(picture)

    def _mix(self, content, style, strength):
        mean = tf.reduce_mean(style, axis=[-3, -2], keepdims=True)
        return self._wait(content * (1.0 - strength) + mean * strength)

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None, None, 3], tf.float32, name="placeholder"),
            tf.TensorSpec([None, None, None, 3], tf.float32, name="placeholder_1"),
        ]
    )
    def serving_default(self, placeholder, placeholder_1):
        return {"output_0": self._mix(placeholder, placeholder_1, 0.5)}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, name="content_bytes"),
            tf.TensorSpec([None], tf.string, name="style_bytes"),
            tf.TensorSpec([None], tf.float32, name="strength"),
        ]
    )
    def packed(self, content_bytes, style_bytes, strength):
        def one(row):
            content, style = (
                tf.cast(tf.io.decode_png(png, channels=3), tf.float32) for png in row[:2]
            )
            mixed = self._mix(content, style, row[2])
            return tf.io.encode_png(tf.cast(tf.clip_by_value(mixed, 0, 255), tf.uint8))

        names = tf.fill([tf.shape(content_bytes)[0]], self.model_name)
        rows = (content_bytes, style_bytes, strength)
        pictures = tf.map_fn(one, rows, fn_output_signature=tf.string)
        return {"stylized_bytes": pictures, "model": names}


def write_style_model(
    base_path: Path, version: int = 1, *, name: str | None = None, seconds: float = 0.0
) -> Path:
    """Write the model to `base_path/version` and return that folder."""
    model = RuleStyleModel(name or f"style/v{version}", seconds)
    signatures = {"serving_default": model.serving_default, "packed": model.packed}
    folder = Path(base_path) / str(version)
    tf.saved_model.save(model, str(folder), signatures=signatures)
    return folder
