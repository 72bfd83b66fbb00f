"""VGG-19's first three blocks, which measure content and style (Simonyan and Zisserman, 2015).

The weights are those of ImageNet: an npz file with Keras's names (`block1_conv1/kernel`, ...), or
what `keras.applications` downloads.
"""

import zipfile
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from keras import ops

from training.program.errors import UsageError

CHANNEL_MEANS = (103.939, 116.779, 123.68)  # of ImageNet's pixels: blue, green, red
LAYERS = {
    f"block{block}_conv{layer}": 32 << block
    for block, layers in ((1, 2), (2, 2), (3, 4))
    for layer in range(1, layers + 1)
}


class VggError(UsageError):
    """The weights cannot be used; the message says why, in one line."""


def load_vgg(weights: Path | None, last: str = "block3_conv4") -> keras.Model:
    """A picture, RGB in 0...1, [B, H, W, 3] -> the output of `last`, after its ReLU.

    `weights` is an npz file; without one Keras downloads them. Raises VggError.
    """
    picture = keras.Input((None, None, 3))
    x = ops.flip(picture, axis=-1) * 255.0 - ops.convert_to_tensor(CHANNEL_MEANS, picture.dtype)
    for name, channels in LAYERS.items():
        if name.endswith("conv1") and not name.startswith("block1"):
            x = keras.layers.MaxPooling2D(2)(x)
        x = keras.layers.Conv2D(channels, 3, padding="same", activation="relu", name=name)(x)
        if name == last:
            break
    network = keras.Model(picture, x, name="vgg19")
    values = _read(weights) if weights else _download()
    for layer in network.layers:
        if layer.name in LAYERS:
            try:
                layer.set_weights([values[f"{layer.name}/{part}"] for part in ("kernel", "bias")])
            except (KeyError, ValueError) as error:
                raise VggError(f"{weights} is not VGG-19 by Keras's names: {error}") from error
    network.trainable = False
    return network


def layer_outputs(network: keras.Model, layers: Sequence[str]) -> keras.Model:
    """The same network with the outputs of `layers`; what lies behind them is not computed."""
    return keras.Model(network.input, [network.get_layer(name).output for name in layers])


def _read(path: Path) -> dict[str, np.ndarray]:
    try:
        # Opened here: of a broken file NumPy forgets to close its own.
        with path.open("rb") as file, np.load(file) as values:
            return dict(values)
    # What NumPy makes of a file that is cut short, and of one array alone.
    except (OSError, ValueError, TypeError, zipfile.BadZipFile) as error:
        raise VggError(f"cannot read the VGG-19 weights {path}: {error}") from error


def _download() -> dict[str, np.ndarray]:
    try:
        full = keras.applications.VGG19(include_top=False, weights="imagenet")
    except Exception as error:
        # Keras raises a bare Exception where the download fails.
        raise VggError(
            f"cannot download the VGG-19 weights ({error}): name a file with --vgg-weights"
        ) from error
    return {
        f"{layer.name}/{part}": values
        for layer in full.layers
        for part, values in zip(("kernel", "bias"), layer.get_weights(), strict=False)
    }
