"""Why a request's JSON is no tensor, in TensorFlow Serving's order and words.

Values are walked one by one, which takes far longer than reading them in bulk; so this is only for
requests that are known to be wrong.
"""

import math
from collections.abc import Mapping
from typing import Any, NoReturn

from serving.errors import ServingError, invalid
from serving.json_document import type_text, value_text
from serving.json_values import MAX_RANK, decode_base64, fits, is_base64, is_object
from serving.tensor_spec import NUMPY_TYPES, TensorSpec, shape_text


def refuse_rows(instances: list[Any], named: bool, inputs: Mapping[str, TensorSpec]) -> NoReturn:
    """Raise what is wrong with the rows of a request; `named` rows are objects."""
    first_shapes: dict[str, tuple[int, ...]] = {}
    for index, row in enumerate(instances):
        if named != is_object(row):
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
    for spec in inputs.values():
        _refuse_type(spec, [])
    raise _disagreement()


def _row_error(place: str, error: ServingError) -> ServingError:
    return invalid(f"{place}of 'instances' list. Error: {error}")


def _explain_item(
    value: Any, spec: TensorSpec, first_shapes: dict[str, tuple[int, ...]], place: str
) -> None:
    try:
        shape = _shape_of(value, MAX_RANK - 1)
        _explain(value, 0, shape, spec)
        expected = first_shapes.setdefault(spec.name, shape)
        if math.prod(shape) != math.prod(expected):
            raise invalid(
                f"Expecting tensor size: {math.prod(expected)} but got: {math.prod(shape)}"
            )
        if shape != expected:
            raise invalid(f"Expecting shape {shape_text(expected)} but got: {shape_text(shape)}")
    except ServingError as error:
        raise _row_error(place, error) from None


def refuse_column(value: Any, spec: TensorSpec) -> NoReturn:
    """Raise what is wrong with an input that is given whole."""
    _explain(value, 0, _shape_of(value, MAX_RANK), spec)
    _refuse_type(spec, value)
    raise _disagreement()


def _disagreement() -> ServingError:
    return ServingError("INTERNAL", "a request was refused in bulk and accepted value by value")


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
        if not is_base64(value):
            raise invalid(
                f"JSON Value: {value_text(value)} not formatted correctly for base64 data"
            )
        try:
            decode_base64(value["b64"])
        except ValueError:
            raise invalid("Unable to base64 decode") from None
        return
    if not isinstance(value, dict):
        _refuse_type(spec, value)
    if isinstance(value, dict) or not fits(value, spec.dtype):
        raise invalid(
            f"JSON Value: {value_text(value)} Type: {type_text(value)} "
            f"is not of expected type: {spec.dtype}"
        )


def _refuse_type(spec: TensorSpec, value: Any) -> None:
    if spec.dtype not in NUMPY_TYPES:
        raise ServingError(
            "UNIMPLEMENTED",
            f"Conversion of JSON Value: {value_text(value)} to type: {spec.dtype}",
        )
