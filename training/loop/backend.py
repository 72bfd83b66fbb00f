"""Keras's backend and its devices: TensorFlow, or JAX on a machine that has no TensorFlow.

KERAS_BACKEND chooses, as everywhere in Keras.
"""

import importlib.util

import keras
import numpy as np
from numpy.typing import NDArray

from training.program.errors import UsageError
from training.program.quiet import hold_standard_error


def initialize() -> None:
    """Look for devices, quietly: the seconds that takes and the notes it prints are over then.

    Raises UsageError where there is none to compute on.
    """
    failure = None
    with hold_standard_error():
        try:
            gpu_count()
            keras.ops.convert_to_numpy(keras.ops.zeros(()))
        except Exception as error:  # whatever a driver, or its settings, make a backend raise
            failure = repr(error)
    if failure:
        name = keras.backend.backend()
        raise UsageError(f"{name} finds no device to compute on ({' '.join(failure.split())})")


def has_tensorflow() -> bool:
    """Whether TensorFlow is installed, whichever backend computes here."""
    return importlib.util.find_spec("tensorflow") is not None


def gpu_count() -> int:
    """How many GPUs (on JAX, accelerators of any kind) the backend sees."""
    if keras.backend.backend() == "jax":
        import jax

        return sum(device.platform != "cpu" for device in jax.devices())
    import tensorflow as tf

    return len(tf.config.list_physical_devices("GPU"))


def device_count() -> int:
    """Into how many equal parts each batch of this process is split."""
    distribution = keras.distribution.distribution()
    return distribution.device_mesh.shape[0] if distribution else 1


def use_all_devices() -> None:
    """Have every batch split over all devices of this machine, where JAX sees several."""
    if keras.backend.backend() == "jax" and len(keras.distribution.list_devices()) > 1:
        keras.distribution.set_distribution(keras.distribution.DataParallel())


def use_precision(precision: str) -> None:
    """Compute in `float32`, `bfloat16`, or by `auto` in bfloat16 on a GPU; weights stay float32.

    Holds for the layers made from now on that name no type of their own.
    """
    if precision == "auto":
        precision = "bfloat16" if gpu_count() else "float32"
    mixed = precision == "bfloat16"
    keras.config.set_dtype_policy("mixed_bfloat16" if mixed else "float32")


def pad_to_devices(batch: NDArray) -> NDArray:
    """`batch`, its first rows again at the end where the devices could not share it evenly."""
    count = -(-len(batch) // device_count()) * device_count()
    return batch[np.arange(count) % len(batch)]
