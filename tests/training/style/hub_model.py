"""A tiny SavedModel of the TF-Hub style transfer model's interface."""

from pathlib import Path


def write_hub_model(folder: Path) -> None:
    """Write it with variables, as it comes from the hub: the photo, tinted with the style's mean.

    Like the real one it answers with heights and widths rounded down to multiples of 4.
    """
    import tensorflow as tf

    class HubModel(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tint = tf.Variable(0.75)

        @tf.function(
            input_signature=[
                tf.TensorSpec([None, None, None, 3], tf.float32, name="placeholder"),
                tf.TensorSpec([None, None, None, 3], tf.float32, name="placeholder_1"),
            ]
        )
        def serve(self, placeholder: tf.Tensor, placeholder_1: tf.Tensor) -> dict[str, tf.Tensor]:
            mean = tf.reduce_mean(placeholder_1, axis=[1, 2], keepdims=True)
            painted = (1.0 - self.tint) * placeholder + self.tint * mean
            size = tf.shape(placeholder)[1:3] // 4 * 4
            return {"output_0": painted[:, : size[0], : size[1]]}

    model = HubModel()
    tf.saved_model.save(model, str(folder), signatures=model.serve)
