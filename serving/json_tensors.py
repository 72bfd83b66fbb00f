"""The JSON of a predict request to tensors, by the rules of TensorFlow Serving's REST API.

A request is in row form (`instances`: a list with one entry for each example) or in column form
(`inputs`: each tensor whole). Values are first taken in bulk, level by level; only when that finds
something irregular are they walked one by one, in TensorFlow Serving's order, to say what is wrong.
"""

import binascii
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, Literal, NoReturn

import numpy as np

from serving.errors import ServingError, invalid
from serving.json_document import type_text, value_text
from serving.tensor_spec import NUMPY_TYPES, TensorSpec, shape_text

Format = Literal["row", "column"]
Inputs = Mapping[str, TensorSpec]

MAX_RANK = 64  # NumPy's
INT32 = np.iinfo(np.int32)


class _IrregularError(Exception):
    """The bulk way does not apply: the value is ragged or holds something of a wrong type."""


def read_request(
    document: Mapping[str, Any], inputs: Inputs
) -> tuple[Format, dict[str, np.ndarray]]:
    """The tensors of a request for a signature with these inputs.

    Raises INVALID_ARGUMENT where TensorFlow Serving does, with its messages, and for a shape that
    the signature excludes; UNIMPLEMENTED for a type that JSON cannot carry, in column form.
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
        return "row", _checked(_read_rows(instances, inputs), inputs)
    if "inputs" in document:
        return "column", _checked(_read_columns(document["inputs"], inputs), inputs)
    raise invalid("Missing 'inputs' or 'instances' key")


def _format_error(document: Any, problem: str) -> ServingError:
    return invalid(f"JSON Value: {value_text(document)} {problem}")


def _checked(tensors: dict[str, np.ndarray], inputs: Inputs) -> dict[str, np.ndarray]:
    for name, tensor in tensors.items():
        shape = inputs[name].shape
        if shape is not None and not inputs[name].admits(tensor.shape):
            raise invalid(
                f"Input {name} has shape {shape_text(tensor.shape)}, but the signature takes "
                f"{shape_text(shape)} (-1 is any size)"
            )
    return tensors


def _is_base64(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("b64"), str)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and not _is_base64(value)


# Row form.


def _read_rows(instances: list[Any], inputs: Inputs) -> dict[str, np.ndarray]:
    named = _is_object(instances[0])
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
        _explain_rows(instances, named, inputs)


def _explain_rows(instances: list[Any], named: bool, inputs: Inputs) -> NoReturn:
    first_shapes: dict[str, tuple[int, ...]] = {}
    for index, row in enumerate(instances):
        if named != _is_object(row):
            expected = "object but got list" if named else "value/list but got object"
            raise invalid(f"Expecting {expected} at item {index} of input list")
        place = f"Failed to process element: {index} "
        if not named:
            (only,) = inputs.values()
            _explain_item(row, only, first_shapes, place)
            continue
        for name, value in row.items():
            place_of_key = f"{place}key: {name} "
            if name not in inputs:
                raise _row_error(
                    place_of_key, invalid(f"JSON object: does not have named input: {name}")
                )
            _explain_item(value, inputs[name], first_shapes, place_of_key)
        if row.keys() != inputs.keys():
            raise invalid(
                f"{place}of 'instances' list. JSON object: {value_text(row)} keys must be equal "
                f"to: {','.join(sorted(inputs))}"
            )
    raise ServingError("INTERNAL", "a request was refused in bulk and accepted value by value")


def _row_error(place: str, error: ServingError) -> ServingError:
    return invalid(f"{place}of 'instances' list. Error: {error}")


def _explain_item(
    value: Any, spec: TensorSpec, first_shapes: dict[str, tuple[int, ...]], place: str
) -> None:
    try:
        shape = _shape_of(value, MAX_RANK - 1)
        _explain(value, 0, shape, spec)
        expected = first_shapes.setdefault(spec.name, shape)
        if np.prod(shape) != np.prod(expected):
            raise invalid(
                f"Expecting tensor size: {int(np.prod(expected))} but got: {int(np.prod(shape))}"
            )
        if shape != expected:
            raise invalid(f"Expecting shape {shape_text(expected)} but got: {shape_text(shape)}")
    except ServingError as error:
        raise _row_error(place, error) from None


# Column form.


def _read_columns(value: Any, inputs: Inputs) -> dict[str, np.ndarray]:
    if not _is_object(value):
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
        _explain(value, 0, _shape_of(value, MAX_RANK), spec)
    raise ServingError("INTERNAL", "a request was refused in bulk and accepted value by value")


# In bulk.


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
        _require(dtype in NUMPY_TYPES and types <= {int})
        if dtype in ("int64", "uint32", "uint64"):
            return np.array(leaves, NUMPY_TYPES[dtype])
        wide = np.array(leaves, np.int64)
        _require(wide.size == 0 or bool(INT32.min <= wide.min() and wide.max() <= INT32.max))
        return wide.astype(NUMPY_TYPES[dtype])
    except OverflowError:
        raise _IrregularError from None


def _require(condition: bool) -> None:
    if not condition:
        raise _IrregularError


def _bytes_of(leaves: Iterable[Any], types: set[type]) -> list[bytes]:
    if types == {str}:
        return [leaf.encode() for leaf in leaves]
    return [leaf.encode() if isinstance(leaf, str) else _decode_base64(leaf) for leaf in leaves]


def _decode_base64(leaf: Any) -> bytes:
    if not _is_base64(leaf):
        raise _IrregularError
    text = leaf["b64"]
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        pass
    # White space is allowed, and padding may be missing whole.
    text = "".join(text.split())
    if "=" not in text:
        text += "=" * (-len(text) % 4)
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        raise _IrregularError from None


# Value by value.


def _shape_of(value: Any, max_rank: int) -> tuple[int, ...]:
    """The shape that a value announces: the sizes on the way down its first elements."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    if len(shape) > max_rank:
        raise invalid(
            f"Lists are nested {len(shape)} levels deep, at most {max_rank} are supported"
        )
    return tuple(shape)


def _explain(value: Any, level: int, shape: tuple[int, ...], spec: TensorSpec) -> None:
    """Raise what is wrong with a value, if anything is."""
    rank = len(shape)
    if isinstance(value, list):
        if level >= rank:
            raise invalid(f"Encountered list at unexpected level: {level} expected < {rank}")
        if len(value) != shape[level]:
            raise invalid(
                f"Encountered list at unexpected size: {len(value)} at level: {level} "
                f"expected size: {shape[level]}"
            )
        for item in value:
            _explain(item, level + 1, shape, spec)
        return
    if level != rank:
        raise invalid(
            f"JSON Value: {value_text(value)} found at incorrect level: {level + 1} "
            f"in the JSON DOM. Expected at level: {rank}"
        )
    if spec.dtype == "string" and isinstance(value, dict):
        if not _is_base64(value):
            raise invalid(
                f"JSON Value: {value_text(value)} not formatted correctly for base64 data"
            )
        try:
            _decode_base64(value)
        except _IrregularError:
            raise invalid("Unable to base64 decode") from None
        return
    if spec.dtype not in NUMPY_TYPES and not isinstance(value, dict):
        raise ServingError(
            "UNIMPLEMENTED",
            f"Conversion of JSON Value: {value_text(value)} to type: {spec.dtype}",
        )
    try:
        _array([value], {type(value)}, spec.dtype)
    except _IrregularError:
        raise invalid(
            f"JSON Value: {value_text(value)} Type: {type_text(value)} "
            f"is not of expected type: {spec.dtype}"
        ) from None
