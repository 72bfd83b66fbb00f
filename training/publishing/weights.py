"""A network's weights, read back from its published version.

They are constants of the published graph (`training.publishing.frozen`). The graph is read as
protocol buffers (saved_model.proto, graph.proto, function.proto), so that a run on JAX needs no
TensorFlow to start from a published version.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import h5py
import keras
import numpy as np
from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from google.protobuf.unknown_fields import UnknownFieldSet  # type: ignore[import-untyped]
from numpy.typing import NDArray
from tensorboardX.proto.node_def_pb2 import NodeDef
from tensorboardX.proto.tensor_pb2 import TensorProto

from training.program.errors import UsageError
from training.publishing.saved_model import ModelError, find_saved_model

# Of a SavedModel: meta graphs, graph, library, functions, nodes.
_NODES = (2, 2, 2, 1, 3)


class WeightsError(UsageError):
    """The weights do not fit the network; the message says why, in one line."""


def constant_name(network: keras.Model, index: int) -> str:
    """The name of the constant that holds weight `index` of `network`."""
    return f"weights/{network.name}/{index:03d}"


def load_weights(path: Path, *networks: keras.Model) -> None:
    """Set the weights of `networks` from the published version in the folder `path`: vN, or N.

    A `weights.h5`, as versions had beside the graph once, is read too. Raises WeightsError where
    there are none or they are of another network.
    """
    values = _read_file(path) if path.is_file() else _read_folder(path, networks)
    variables = [variable for network in networks for variable in network.weights]
    if [value.shape for value in values] != [tuple(variable.shape) for variable in variables]:
        raise WeightsError(f"the weights in {path} are of another network than the recipe's")
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value.astype(np.float32))


def _read_folder(folder: Path, networks: tuple[keras.Model, ...]) -> list[NDArray]:
    try:
        model = find_saved_model(folder)
        constants = named_constants(model / "saved_model.pb")
    except (ModelError, OSError, DecodeError) as error:
        raise WeightsError(f"cannot read the weights: {error}") from error
    old = model.parent / "weights.h5"
    if not constants and old.exists():
        return _read_file(old)
    prefixes = [constant_name(network, 0).rpartition("/")[0] for network in networks]
    return [
        value
        for prefix in prefixes
        for name, value in sorted(constants.items())
        if name.startswith(f"{prefix}/")
    ]


def _read_file(path: Path) -> list[NDArray]:
    try:
        with h5py.File(path) as file:
            return [file[key][()] for key in sorted(file)]
    except OSError as error:
        raise WeightsError(f"cannot read the weights {path}: {error}") from error


def named_constants(path: Path) -> dict[str, NDArray[np.float16]]:
    """The weights in a `saved_model.pb`, by name. Raises OSError and DecodeError."""
    nodes = map(NodeDef.FromString, _fields(path.read_bytes(), *_NODES))
    return {
        node.name: _array(node.attr["value"].tensor)
        for node in nodes
        if node.op == "Const" and re.match("weights/.*/[0-9]+$", node.name)
    }


def _fields(message: bytes, number: int, *inner: int) -> Iterator[bytes]:
    """What a message holds in its fields `number`, or in the fields `inner` of these."""
    for field in UnknownFieldSet(Empty.FromString(message)):
        if field.field_number == number:
            yield from _fields(field.data, *inner) if inner else [field.data]


def _array(tensor: TensorProto) -> NDArray[np.float16]:
    values = np.frombuffer(tensor.tensor_content, np.float16)
    if not values.size:
        values = np.array(tensor.half_val, np.uint16).view(np.float16)
    shape = [dimension.size for dimension in tensor.tensor_shape.dim]
    # Of equal values at the end only the first is written (tensor.proto).
    missing = int(np.prod(shape)) - values.size
    return np.pad(values, (0, missing), mode="edge").reshape(shape)
