"""Single values of a request's JSON: which of them are values of which type."""

import binascii
from typing import Any

MAX_RANK = 64  # NumPy's

# The integers that each type takes; those narrower than int32 take its range and wrap, as in C++.
INT32 = (-(2**31), 2**31 - 1)
RANGES = {
    "int8": INT32,
    "int16": INT32,
    "int32": INT32,
    "uint8": INT32,
    "int64": (-(2**63), 2**63 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
}


def is_base64(value: Any) -> bool:
    """Whether a JSON value is bytes: an object with exactly the key `b64`, a string."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("b64"), str)


def is_object(value: Any) -> bool:
    """Whether a JSON value is an object of names, and not bytes."""
    return isinstance(value, dict) and not is_base64(value)


def fits(value: Any, dtype: str) -> bool:
    """Whether a JSON value that is no list is one of this type; base64 apart."""
    kind = type(value)
    if dtype in ("float", "double"):
        return kind is float or kind is int
    if dtype == "bool":
        return kind is bool
    if dtype == "string":
        return kind is str
    low, high = RANGES[dtype]
    return kind is int and low <= value <= high


def decode_base64(text: str) -> bytes:
    """The bytes of standard base64, or ValueError.

    White space is allowed, and padding may be missing whole.
    """
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        pass
    text = "".join(text.split())
    if "=" not in text:
        text += "=" * (-len(text) % 4)
    return binascii.a2b_base64(text, strict_mode=True)
