"""A tiny color model with the published signatures and a rule in place of a network.

It stands in wherever a test needs *a* model rather than ours: it is written in a second, and what
it answers can be computed by hand: a* = (L* - 50) / 2, b* = 40 - L* / 2.
"""

from pathlib import Path

import tensorflow as tf


class RuleColorModel(tf.Module):
    """Answers as `models/color/vN` does, both signatures, with the rule of this module."""

    def __init__(self, model_name: str):
        super().__init__()
        self.model_name = model_name

    def _ab(self, lightness):
        return tf.concat([(lightness - 50.0) / 2.0, 40.0 - lightness / 2.0], axis=-1) / 128.0

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 1], tf.float32, name="input_1")])
    def serving_default(self, input_1):
        return {"output_0": self._ab(input_1)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="l_bytes")])
    def packed(self, l_bytes):
        def one(png):
            pixels = tf.cast(tf.io.decode_png(png, channels=1), tf.float32)
            small = tf.nn.avg_pool2d(pixels[None] * (100.0 / 255.0), 2, 2, "SAME")
            ab = self._ab(small)[0] * 128.0 + 128.0
            return tf.io.encode_png(tf.cast(tf.clip_by_value(tf.round(ab), 0, 255), tf.uint8))

        names = tf.fill([tf.shape(l_bytes)[0]], self.model_name)
        return {"ab_bytes": tf.map_fn(one, l_bytes), "model": names}


def write_color_model(
    base_path: Path, version: int = 1, *, name: str | None = None, packed: bool = True
) -> Path:
    """Write the model to `base_path/version` and return that folder."""
    model = RuleColorModel(name or f"color/v{version}")
    signatures = {"serving_default": model.serving_default}
    if packed:
        signatures["packed"] = model.packed
    folder = Path(base_path) / str(version)
    tf.saved_model.save(model, str(folder), signatures=signatures)
    return folder
