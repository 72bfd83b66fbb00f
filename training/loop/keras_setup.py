"""Keras as our networks need it, whatever a person's own ~/.keras/keras.json says."""

import importlib.util

from training.program.errors import UsageError
from training.program.quiet import hold_standard_error

BACKENDS = ("tensorflow", "jax")  # those that our tests train on; of the others some cannot


def import_keras() -> None:
    """Import Keras; must come before anything that imports it.

    KERAS_BACKEND, or else `backend` in keras.json, says who computes. Layout and types are ours.
    Raises UsageError where the backend cannot be used.
    """
    if importlib.util.find_spec("keras") is None:
        raise UsageError("Keras is not installed: pip install 'colorway[training]'")
    trouble: object = None
    with hold_standard_error():
        try:
            import keras
        except Exception as error:  # whatever a backend raises where it cannot be imported
            trouble = error
    if not trouble and keras.backend.backend() not in BACKENDS:
        trouble = f"this program does not train on {keras.backend.backend()}"
    if trouble:
        raise UsageError(
            f"Keras cannot be used here ({trouble}): KERAS_BACKEND, or else the backend in "
            "~/.keras/keras.json, must be tensorflow or jax, and be installed"
        )
    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_dtype_policy("float32")
