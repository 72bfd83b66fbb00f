"""A network's weights as an HDF5 file: `vN/weights.h5`, beside the frozen graph.

float16, which halves the file and moves no prediction by a visible amount; in order of creation,
named by layer, so that the file can be read without this package.
"""

from pathlib import Path

import h5py
import keras
import numpy as np


class WeightsError(Exception):
    """The weights do not fit the network; the message says why, in one line."""


def save_weights(path: Path, network: keras.Model) -> None:
    """Write the weights of `network` to `path`."""
    with h5py.File(path, "w") as file:
        for index, variable in enumerate(network.weights):
            values = keras.ops.convert_to_numpy(variable).astype(np.float16)
            file[f"{index:03d}"] = values
            file[f"{index:03d}"].attrs["name"] = variable.path


def load_weights(path: Path, network: keras.Model) -> None:
    """Set the weights of `network` from `path`.

    Raises WeightsError where the file cannot be read or is of another network.
    """
    try:
        with h5py.File(path) as file:
            values = [file[key][()].astype(np.float32) for key in sorted(file)]
    except OSError as error:
        raise WeightsError(f"cannot read the weights {path}: {error}") from error
    variables = network.weights
    if [value.shape for value in values] != [tuple(variable.shape) for variable in variables]:
        raise WeightsError(f"the weights in {path} are of another network than the recipe's")
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
