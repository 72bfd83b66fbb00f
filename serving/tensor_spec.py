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
    """Name, type and shape of one input or output; `None` is an unknown size or an unknown rank."""

    name: str
    dtype: str
    shape: tuple[int | None, ...] | None = None

    def admits(self, shape: tuple[int, ...]) -> bool:
        """Whether the signature allows a tensor of this shape."""
        if self.shape is None:
            return True
        return len(shape) == len(self.shape) and all(
            want is None or want == have for want, have in zip(self.shape, shape, strict=True)
        )


def shape_text(shape: tuple[int | None, ...]) -> str:
    """A shape as messages print it: `[-1,2]`, where -1 is any size."""
    return "[" + ",".join("-1" if size is None else str(size) for size in shape) + "]"
