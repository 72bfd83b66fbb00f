"""Tensors to the JSON of a predict reply, by the rules of TensorFlow Serving's REST API.

`predictions` lists one entry for each example, `outputs` holds each tensor whole.
"""

import binascii
from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson

from serving.errors import invalid
from serving.json_numbers import array_json
from serving.json_tensors import Format

_WRITABLE_KINDS = "fiub"


def write_reply(outputs: Mapping[str, np.ndarray], form: Format) -> bytes:
    """The reply's body; INVALID_ARGUMENT for tensors that this form of reply cannot hold."""
    return _write_rows(outputs) if form == "row" else _write_columns(outputs)


def _write_columns(outputs: Mapping[str, np.ndarray]) -> bytes:
    if len(outputs) == 1:
        ((name, tensor),) = outputs.items()
        return b'{"outputs":' + _tensor_json(name, tensor) + b"}"
    fragments = {
        name: orjson.Fragment(_tensor_json(name, tensor)) for name, tensor in outputs.items()
    }
    return orjson.dumps({"outputs": fragments})


def _write_rows(outputs: Mapping[str, np.ndarray]) -> bytes:
    batch_size = None
    for name, tensor in outputs.items():
        if tensor.ndim == 0:
            raise invalid(f"Tensor name: {name} has no shape information ")
        if batch_size is None:
            batch_size = len(tensor)
        if len(tensor) != batch_size:
            raise invalid(
                f"Tensor name: {name} has inconsistent batch size: {len(tensor)} "
                f"expecting: {batch_size}"
            )
    if len(outputs) == 1:
        ((name, tensor),) = outputs.items()
        return b'{"predictions":' + _tensor_json(name, tensor) + b"}"
    rows = [
        {
            name: orjson.Fragment(_tensor_json(name, np.asarray(tensor[index], tensor.dtype)))
            for name, tensor in outputs.items()
        }
        for index in range(batch_size or 0)
    ]
    return orjson.dumps({"predictions": rows})


def _tensor_json(name: str, tensor: np.ndarray) -> bytes:
    if tensor.dtype == np.object_:
        leaf = _base64_json if name.endswith("_bytes") else _text
        leaves = np.empty(tensor.shape, np.object_)
        leaves.ravel()[:] = [leaf(name, value) for value in tensor.ravel().tolist()]
        return orjson.dumps(leaves.tolist())
    if tensor.dtype.kind not in _WRITABLE_KINDS or tensor.dtype == np.float16:
        raise invalid(f"Failed to write JSON value for tensor type: {_type_name(tensor.dtype)}")
    if tensor.dtype.kind == "f":
        return array_json(tensor)
    # orjson writes arrays of rank 1 and up, and NumPy's scalars.
    value = np.ascontiguousarray(tensor) if tensor.ndim else tensor[()]
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)


def _type_name(dtype: np.dtype[Any]) -> str:
    return "half" if dtype == np.float16 else dtype.name


def _base64_json(_: str, value: bytes) -> orjson.Fragment:
    return orjson.Fragment(b'{"b64":"' + binascii.b2a_base64(value, newline=False) + b'"}')


def _text(name: str, value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise invalid(
            f"Tensor name: {name} holds bytes that are not UTF-8 text; an output whose name ends "
            "in _bytes is sent in base64"
        ) from None
