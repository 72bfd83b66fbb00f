"""The JSON of a predict request to tensors, by the rules of TensorFlow Serving's REST API.

A request is in row form (`instances`: a list with one entry for each example) or in column form
(`inputs`: each tensor whole). Values are taken in bulk, level by level; what is wrong with a
request that this finds irregular, `json_refusal` says.
"""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, Literal

import numpy as np

from serving.errors import ServingError, invalid
from serving.json_document import value_text
from serving.json_refusal import refuse_column, refuse_rows
from serving.json_values import INT32, MAX_RANK, RANGES, decode_base64, fits, is_base64, is_object
from serving.tensor_spec import NUMPY_TYPES, TensorSpec

Format = Literal["row", "column"]
Inputs = Mapping[str, TensorSpec]


class _IrregularError(Exception):
    """The value is ragged, or holds something of a wrong type."""


def read_request(
    document: Mapping[str, Any], inputs: Inputs
) -> tuple[Format, dict[str, np.ndarray]]:
    """The tensors of a request for a signature with these inputs.

    Raises INVALID_ARGUMENT where TensorFlow Serving does, with its messages, and UNIMPLEMENTED for
    a type that JSON cannot carry, in column form. Shapes are the graph's own business.
    """
    if "instances" in document and "inputs" in document:
        raise _format_error(
            document,
            "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist ",
        )
    if "instances" in document:
        instances = document["instances"]
        if not isinstance(instances, list):
            raise _format_error(document, "Expecting 'instances' to be an list/array")
        if not instances:
            raise _format_error(document, "No values in 'instances' array")
        return "row", _read_rows(instances, inputs)
    if "inputs" in document:
        return "column", _read_columns(document["inputs"], inputs)
    raise invalid("Missing 'inputs' or 'instances' key")


def _format_error(document: Any, problem: str) -> ServingError:
    return invalid(f"JSON Value: {value_text(document)} {problem}")


def _read_rows(instances: list[Any], inputs: Inputs) -> dict[str, np.ndarray]:
    named = is_object(instances[0])
    if not named and len(inputs) > 1:
        raise invalid(
            "instances is a plain list, but expecting list of objects as multiple input tensors "
            "required as per tensorinfo_map"
        )
    try:
        if not named:
            (only,) = inputs.values()
            return {only.name: _dense(instances, only)}
        names = inputs.keys()
        if not all(type(row) is dict and row.keys() == names for row in instances):
            raise _IrregularError
        return {
            name: _dense([row[name] for row in instances], spec) for name, spec in inputs.items()
        }
    except _IrregularError:
        refuse_rows(instances, named, inputs)


def _read_columns(value: Any, inputs: Inputs) -> dict[str, np.ndarray]:
    if not is_object(value):
        if len(inputs) > 1:
            raise invalid(
                "inputs is a plain value/list, but expecting an object as multiple input tensors "
                "required as per tensorinfo_map"
            )
        (only,) = inputs.values()
        return {only.name: _read_column(value, only)}
    tensors = {}
    for name in sorted(inputs):
        if name not in value:
            raise invalid(f"Missing named input: {name} in 'inputs' object.")
        tensors[name] = _read_column(value[name], inputs[name])
    return tensors


def _read_column(value: Any, spec: TensorSpec) -> np.ndarray:
    try:
        return _dense(value, spec)
    except _IrregularError:
        refuse_column(value, spec)


def _dense(value: Any, spec: TensorSpec) -> np.ndarray:
    """The tensor that nested lists hold, or `_IrregularError`."""
    shape: list[int] = []
    level = [value]
    while True:
        types = set(map(type, level))
        if list not in types:
            return _array(level, types, spec.dtype).reshape(shape)
        sizes = set(map(len, level)) if len(types) == 1 else ()
        if len(sizes) != 1 or len(shape) == MAX_RANK:
            raise _IrregularError
        (size,) = sizes
        shape.append(size)
        if size == 0:
            return _array([], set(), spec.dtype).reshape(shape)
        level = list(chain.from_iterable(level))


def _array(leaves: list[Any], types: set[type], dtype: str) -> np.ndarray:
    try:
        if dtype in ("float", "double"):
            _require(types <= {int, float})
            doubles = np.array(leaves, np.float64)
            with np.errstate(over="ignore"):  # beyond float32 is infinity, as in C++
                return doubles.astype(NUMPY_TYPES[dtype], copy=False)
        if dtype == "string":
            _require(types <= {str, dict})
            strings = np.empty(len(leaves), np.object_)
            strings[:] = _bytes_of(leaves, types)
            return strings
        if dtype == "bool":
            _require(types <= {bool})
            return np.array(leaves, np.bool_)
        _require(dtype in RANGES and types <= {int})
        if RANGES[dtype] != INT32:
            return np.array(leaves, NUMPY_TYPES[dtype])
        wide = np.array(leaves, np.int64)
        _require(wide.size == 0 or (fits(int(wide.min()), dtype) and fits(int(wide.max()), dtype)))
        return wide.astype(NUMPY_TYPES[dtype])
    except OverflowError:
        raise _IrregularError from None


def _require(condition: bool) -> None:
    if not condition:
        raise _IrregularError


def _bytes_of(leaves: Iterable[Any], types: set[type]) -> list[bytes]:
    if types == {str}:
        return [leaf.encode() for leaf in leaves]
    return [leaf.encode() if isinstance(leaf, str) else _base64_bytes(leaf) for leaf in leaves]


def _base64_bytes(leaf: Any) -> bytes:
    try:
        _require(is_base64(leaf))
        return decode_base64(leaf["b64"])
    except ValueError:
        raise _IrregularError from None
