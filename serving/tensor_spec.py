"""What a signature says of one tensor, in TensorFlow Serving's words, without TensorFlow."""

from dataclasses import dataclass

import numpy as np

# The types that the REST API can carry, by the names its messages use. A string tensor is an
# array of Python `bytes` here.
NUMPY_TYPES: dict[str, type] = {
    "float": np.float32,
    "double": np.float64,
    "int8": np.int8,
    "int16": np.int16,
    "int32": np.int32,
    "int64": np.int64,
    "uint8": np.uint8,
    "uint32": np.uint32,
    "uint64": np.uint64,
    "bool": np.bool_,
    "string": np.object_,
}


@dataclass(frozen=True)
class TensorSpec:
    """Name and type of one input or output."""

    name: str
    dtype: str


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape as messages print it: `[3,2]`."""
    return "[" + ",".join(map(str, shape)) + "]"
