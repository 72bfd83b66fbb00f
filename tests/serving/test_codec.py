"""JSON to tensors and back, against a plain decoder, for whatever Hypothesis thinks of."""

import base64
import contextlib
import json
import math
import struct
import time

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


def reference_text(value, most: int) -> str:
    """C's %g of six digits if that is the same number, else of as many as always are enough."""
    text = f"{value:.6g}"
    with np.errstate(over="ignore"):
        if not np.isnan(value) and type(value)(float(text)) != value:
            text = f"{value:.{most}g}"
    if text.strip("-") in ("nan", "inf"):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[text]
    return text if "." in text or "e" in text else f"{text}.0"


@pytest.mark.parametrize(("numpy_type", "most"), [(np.float32, 9), (np.float64, 17)])
@plain_settings
@given(data=st.data())
def test_numbers_have_upstream_s_digits(numpy_type, most, data):
    width = np.dtype(numpy_type).itemsize * 8
    few_digits = st.builds(
        lambda n, p: n / 10.0**p, st.integers(-(10**7), 10**7), st.integers(0, 9)
    )
    numbers = st.lists(st.one_of(st.floats(width=width), few_digits), min_size=1, max_size=20)
    with np.errstate(over="ignore"):
        tensor = np.array(data.draw(numbers)).astype(numpy_type)
    text = write_reply({"y": tensor}, "row").decode()
    want = ",".join(reference_text(value, most) for value in tensor)
    assert text == f'{{"predictions":[{want}]}}'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (9e6, "9e+06"),
        (-0.0, "-0.0"),
        (1 / 3, "0.333333343"),
        (9.999e-5, "9.999e-05"),
        (999_999.94, "999999.938"),
        (123_456_789.0, "123456792.0"),
        (2e9, "2e+09"),
        (float("nan"), "NaN"),
    ],
)
@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_a_float_as_upstream_prints_it(value, text, shape):
    reply = write_reply({"y": np.full(shape, value, np.float32)}, "column")
    assert reply.decode().replace("[", "").replace("]", "") == f'{{"outputs":{text}}}'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (9e6, "9e+06"),
        (1 / 3, "0.333333343"),
        (1e300, "1e+300"),
        ([0.1, 9e6, 1e-5, 1.5e-7], "[0.1, 9000000.0, 0.00001, 1.5e-7]"),
        ([1e-7, 1e20, 1e21], "[1e-7, 100000000000000000000.0, 1e21]"),
        ([1e16, -1.25e20, 123.0], "[10000000000000000.0, -125000000000000000000.0, 123.0]"),
    ],
)  # fmt: skip
def test_numbers_in_messages(value, text):
    assert value_text(value) == text


# By RapidJSON itself (the package python-rapidjson).
@pytest.mark.parametrize(
    ("body", "words", "offset"),
    [
        ("  ", "The document is empty.", 2),
        ("nonsense", "Invalid value.", 1),
        ('{"a":tru}', "Invalid value.", 8),
        ('{"a":-}', "Invalid value.", 6),
        ('{"a":-tru}', "Invalid value.", 6),
        ('{"a":[1,]}', "Invalid value.", 8),
        ('{"a":', "Invalid value.", 5),
        ('{"a":[Inf,nope]}', "Invalid value.", 11),
        ('{"a":Infinit}', "Invalid value.", 12),
        ('\ufeff{"é":x}', "Invalid value.", 9),
        ('{"a":\\n}', "Invalid value.", 5),
        ("{", "Missing a name for object member.", 1),
        ('{"a":1, }', "Missing a name for object member.", 8),
        ('{"a" 1}', "Missing a colon after a name of object member.", 5),
        ('{"a":1 "b":2}', "Missing a comma or } after an object member.", 7),
        ('{"a":01}', "Missing a comma or } after an object member.", 6),
        ('{"a":[{"b":1],2}', "Missing a comma or } after an object member.", 12),
        ('{"a":[1 2]}', "Missing a comma or ] after an array element.", 8),
        ('{"a":[1.5.]}', "Missing a comma or ] after an array element.", 9),
        ('{"a":[{"b":1}', "Missing a comma or ] after an array element.", 13),
        ('{"a":1.}', "Miss fraction part in number.", 7),
        ('{"a":1e+}', "Miss exponent in number.", 8),
        ('{"a":-1e400}', "Number too big to be stored in double.", 5),
        ('{"a":"x', "Missing a closing quotation mark in string.", 7),
        ('{"a":"\\u00e9', "Missing a closing quotation mark in string.", 12),
        ('{"a":"\\x"}', "Invalid escape character in string.", 6),
        ('{"a":"\\u12g4"}', "Incorrect hex digit after \\u escape in string.", 6),
        ('{"a":"\\ud83d\\u12g4"}', "Incorrect hex digit after \\u escape in string.", 6),
        ('{"a":"\\ud83d"}', "The surrogate pair in string is invalid.", 6),
        ('{"a":"\n"}', "Invalid encoding in string.", 6),
    ],
)
def test_json_errors_are_worded_as_upstream(body, words, offset):
    with pytest.raises(ServingError) as error:
        parse_object(body.encode())
    assert error.value.message == f"JSON Parse error: {words} at offset: {offset}"


@pytest.mark.parametrize(
    ("body", "document"),
    [
        ('\ufeff{"instances": [1]}', {"instances": [1]}),
        ('{"instances": [1], "instances": [2]}', {"instances": [1]}),
        ('{"inputs": {"x": 1, "x": 2}}', {"inputs": {"x": 1}}),
        ('{"instances": [{"x": 1, "x": 2}, {"x": 3}]}', {"instances": [{"x": 1}, {"x": 3}]}),
        ('{"inputs": [Inf, -Inf, Infinity]}', {"inputs": [math.inf, -math.inf, math.inf]}),
        ('{"inputs": 1} and more', {"inputs": 1}),
    ],
)
def test_lenient_json_is_read_as_upstream(body, document):
    assert parse_object(body.encode()) == document


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
    # A float by itself is shown as the float32 that it would be.
    text = value_text([value])
    if not text.endswith("..."):
        document = parse_object(f'{{"v": {text}}}'.encode())
        assert json.dumps(document) == json.dumps({"v": [value]})


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


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": -Inf, "b": "' + b'\\"' * 100_000,
        b'{"inputs": {' + b",".join(b'"k%d": 1' % k for k in range(100_000)) + b"}}",
        b'{"instances": [{' + b",".join(b'"k%d": 1' % k for k in range(100_000)) + b"}]}",
    ],
    ids=["a string that does not end", "names of inputs", "names in a row"],
)
def test_parse_time_is_linear_in_length(body):
    # The interpreter lock is held meanwhile: nobody else would be answered.
    started = time.process_time()
    with contextlib.suppress(ServingError):
        parse_object(body)
    assert time.process_time() - started < 5  # or minutes


def test_a_string_output_that_is_no_text_says_what_to_do():
    tensor = np.array([b"\xff"], np.object_)
    with pytest.raises(ServingError, match="_bytes"):
        write_reply({"y": tensor}, "row")
