"""JSON to tensors and back, against a plain decoder, for whatever Hypothesis thinks of."""

import base64
import json
import math
import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serving.errors import ServingError
from serving.json_document import parse_object, value_text
from serving.json_reply import write_reply
from serving.json_tensors import read_request
from serving.tensor_spec import NUMPY_TYPES, TensorSpec

plain_settings = settings(
    max_examples=300,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

INTEGER_RANGES = {
    "int8": (-(2**31), 2**31 - 1),
    "int16": (-(2**31), 2**31 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "uint8": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
}


# Types that JSON can carry, and one that it cannot.
DTYPES = [*sorted(NUMPY_TYPES), "half"]


class Refused(Exception):
    pass


def reference_leaf(value, dtype: str):
    """One value by the rules of the protocol, as simply as they can be written."""
    if dtype in ("float", "double"):
        if type(value) not in (int, float):
            raise Refused
        value = float(value)
        if dtype == "float" and math.isfinite(value):
            try:
                value = struct.unpack("f", struct.pack("f", value))[0]
            except OverflowError:
                value = math.copysign(math.inf, value)
        return value
    if dtype == "bool":
        if type(value) is not bool:
            raise Refused
        return value
    if dtype == "string":
        if type(value) is str:
            return value.encode()
        if type(value) is dict and list(value) == ["b64"] and type(value["b64"]) is str:
            try:
                return base64.b64decode(value["b64"], validate=True)
            except ValueError:
                raise Refused from None
        raise Refused
    low, high = INTEGER_RANGES[dtype]
    if type(value) is not int or not low <= value <= high:
        raise Refused
    return int(np.array(value).astype(NUMPY_TYPES[dtype]))


def reference_shape(value) -> list[int]:
    if type(value) is not list:
        return []
    return [len(value), *(reference_shape(value[0]) if value else [])]


def reference_leaves(value, shape: list[int], dtype: str) -> list:
    if not shape:
        if type(value) is list:
            raise Refused
        return [reference_leaf(value, dtype)]
    if type(value) is not list or len(value) != shape[0]:
        raise Refused
    return [leaf for item in value for leaf in reference_leaves(item, shape[1:], dtype)]


def reference(value, dtype: str) -> tuple[list[int], list]:
    if dtype == "half":
        raise Refused
    shape = reference_shape(value)
    return shape, reference_leaves(value, shape, dtype)


numbers = st.one_of(
    st.integers(-3, 300),
    st.sampled_from([2**31 - 1, 2**31, -(2**31) - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1]),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([1e39, -1e39, 1e-50, 16777217.0, 0.1]),
)
texts = st.one_of(
    st.text(max_size=5),
    st.binary(max_size=7).map(lambda data: {"b64": base64.b64encode(data).decode()}),
)
oddities = st.one_of(
    st.none(),
    st.booleans(),
    st.just({"b64": "!"}),
    st.just({"b64": 1}),
    st.just({"a": 1, "b64": "aGk="}),
)
leaves = st.one_of(numbers, texts, st.booleans(), oddities)


@st.composite
def regular(draw, leaf):
    """Nested lists of one shape, and sometimes one place in them spoiled."""
    shape = draw(st.lists(st.integers(0, 3), max_size=3))

    def build(rest):
        return [build(rest[1:]) for _ in range(rest[0])] if rest else draw(leaf)

    return build(shape)


values = st.one_of(
    regular(numbers),
    regular(texts),
    regular(st.booleans()),
    regular(leaves),
    st.recursive(leaves, lambda inner: st.lists(inner, max_size=3), max_leaves=8),
)


def same(have: np.ndarray, shape: list[int], leaves: list, dtype: str) -> bool:
    flat = have.ravel().tolist()
    return (
        list(have.shape) == shape
        and have.dtype == NUMPY_TYPES[dtype]
        and len(flat) == len(leaves)
        and all(a == b or (a != a and b != b) for a, b in zip(flat, leaves, strict=True))
    )


@plain_settings
@given(value=values, dtype=st.sampled_from(DTYPES))
def test_columns_are_read_as_the_plain_decoder_reads_them(value, dtype):
    inputs = {"x": TensorSpec("x", dtype)}
    document = parse_object(json.dumps({"inputs": {"x": value}}).encode())
    try:
        shape, leaves_ = reference(value, dtype)
    except Refused:
        with pytest.raises(ServingError) as error:
            read_request(document, inputs)
        assert error.value.code in ("INVALID_ARGUMENT", "UNIMPLEMENTED")
        return
    form, tensors = read_request(document, inputs)
    assert form == "column"
    assert same(tensors["x"], shape, leaves_, dtype)


@plain_settings
@given(rows=st.lists(values, min_size=1, max_size=3), dtype=st.sampled_from(DTYPES))
def test_rows_are_read_as_the_plain_decoder_reads_them(rows, dtype):
    inputs = {"x": TensorSpec("x", dtype)}
    for named in (False, True):
        if not named and any(type(row) is dict and list(row) != ["b64"] for row in rows):
            continue  # an object in a plain list is a row of names
        instances = [{"x": row} for row in rows] if named else rows
        document = parse_object(json.dumps({"instances": instances}).encode())
        try:
            shape, leaves_ = reference(rows, dtype)
        except Refused:
            with pytest.raises(ServingError) as error:
                read_request(document, inputs)
            assert error.value.code in ("INVALID_ARGUMENT", "UNIMPLEMENTED")
            assert "bulk" not in error.value.message
            continue
        assert same(read_request(document, inputs)[1]["x"], shape, leaves_, dtype)


@plain_settings
@given(data=st.data(), dtype=st.sampled_from(sorted(set(NUMPY_TYPES) - {"string"})))
def test_numbers_come_back_the_same(data, dtype):
    numpy_type = np.dtype(NUMPY_TYPES[dtype])
    shape = data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=3))
    bits = data.draw(
        st.binary(
            min_size=int(np.prod(shape)) * numpy_type.itemsize,
            max_size=int(np.prod(shape)) * numpy_type.itemsize,
        )
    )
    tensor = np.frombuffer(bits, np.uint8)
    tensor = tensor % 2 if dtype == "bool" else tensor
    tensor = tensor.astype(np.uint8).view(numpy_type).reshape(shape)
    body = write_reply({"y": tensor}, "column")
    inputs = {"y": TensorSpec("y", dtype)}
    back = read_request({"inputs": parse_object(body)["outputs"]}, inputs)[1]["y"]
    # An empty dimension hides those behind it.
    assert back.size == tensor.size
    if tensor.size:
        assert np.array_equal(back, tensor, equal_nan=tensor.dtype.kind == "f")
        assert back.dtype == tensor.dtype


@plain_settings
@given(pieces=st.lists(st.binary(max_size=50), min_size=1, max_size=5))
def test_bytes_come_back_the_same(pieces):
    tensor = np.empty(len(pieces), np.object_)
    tensor[:] = pieces
    reply = parse_object(write_reply({"y_bytes": tensor}, "row"))
    inputs = {"y": TensorSpec("y", "string")}
    back = read_request({"instances": reply["predictions"]}, inputs)[1]["y"]
    assert back.tolist() == pieces


@plain_settings
@given(body=st.one_of(st.binary(max_size=60), st.text(max_size=60).map(str.encode)))
def test_any_bytes_are_an_object_or_an_error(body):
    try:
        document = parse_object(body)
    except ServingError as error:
        assert error.code == "INVALID_ARGUMENT"
        error.message.encode()
    else:
        assert isinstance(document, dict)


@plain_settings
@given(value=values)
def test_the_text_of_a_value_is_its_json(value):
    text = value_text(value)
    if not text.endswith("..."):
        document = parse_object(f'{{"v": {text}}}'.encode())
        assert json.dumps(document) == json.dumps({"v": value})


@pytest.mark.parametrize(
    ("b64", "data"),
    [
        ("aGVsbG8=", b"hello"),
        ("aGVsbG8", b"hello"),
        ("aGVs\nbG8=\n", b"hello"),
        ("", b""),
        ("aGVsbG8==", None),
        ("aGVsbG8=x", None),
        ("aGVsbG8_", None),
        ("a", None),
        ("=", None),
        ("aGVsbé==", None),
    ],
)
def test_base64(b64, data):
    inputs = {"s": TensorSpec("s", "string")}
    document = {"inputs": {"b64": b64}}
    if data is None:
        with pytest.raises(ServingError, match="Unable to base64 decode"):
            read_request(document, inputs)
    else:
        assert read_request(document, inputs)[1]["s"].item() == data


def test_a_large_value_is_cut_in_messages():
    with pytest.raises(ServingError) as error:
        parse_object(b"[" + b"1," * 100_000 + b"1]")
    assert len(error.value.message) < 600


def test_a_string_output_that_is_no_text_says_what_to_do():
    tensor = np.array([b"\xff"], np.object_)
    with pytest.raises(ServingError, match="_bytes"):
        write_reply({"y": tensor}, "row")
