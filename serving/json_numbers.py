"""Floats as text, as TensorFlow Serving prints them.

In replies a float is C's `%g` of six digits where that reads back as the same number, else of as
many digits as always do: nine, for float64 seventeen. So 9000000 is `9e+06`, a third is
`0.333333343`, and what looks whole gets `.0` (WriteDecimal in its json_tensor.cc).

orjson prints in as few digits as a double needs: of a double that is the nearest to a decimal of
nine digits, these. So all that `%g` would write without an exponent is rounded here in bulk, and
orjson prints it; what is left is formatted one by one.
"""

import math
from collections.abc import Iterator
from decimal import Decimal
from itertools import chain

import numpy as np
import orjson
from numpy.typing import NDArray

Floats = NDArray[np.float32] | NDArray[np.float64]
Doubles = NDArray[np.float64]

_NAMES = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
_MOST_DIGITS = {"f": 9, "d": 17}
# Without an exponent; and a float32 times a power of ten up to 10^12 is exact in a double.
_LEAST, _GREATEST, _GREATEST_OF_SIX = 1e-4, 1e9, 1e6
# What makes an integer of nine digits of a double, by its exponent (of 2), for the smaller and the
# greater half where a power of ten lies between.
_EXPONENTS = np.clip(np.arange(2048) - 1023, -14, 29)
_DECADES = np.floor(_EXPONENTS * np.log10(2.0))
_SCALE, _NEXT_SCALE = 10.0 ** (8 - _DECADES), 10.0 ** (7 - _DECADES)
_GREATEST_FLOAT32 = float(np.finfo(np.float32).max)
# As many as the processor's cache holds while they are worked on.
_BLOCK = 16_384


def array_json(tensor: Floats) -> bytes:
    """Nested lists of a tensor's numbers; NaN and infinities are bare tokens."""
    values = tensor.ravel()
    printed = np.empty(values.size)
    for start in range(0, values.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        printed[block] = _printed(values[block])
    option = orjson.OPT_SERIALIZE_NUMPY
    text = orjson.dumps(printed.reshape(tensor.shape) if tensor.ndim else printed[0], option=option)
    other = np.isnan(printed)
    if not other.any():
        return text
    # orjson writes `null` for each of them, in the same order, and numbers hold no other letters.
    *before, last = text.split(b"null")
    texts = (text.encode() for text in _texts(values[other]))
    return b"".join(chain(chain.from_iterable(zip(before, texts, strict=True)), [last]))


def number_text(number: float) -> str:
    """A number that is a whole message's value: as in a reply, of a float32 if that can hold it."""
    single = abs(number) <= _GREATEST_FLOAT32
    (text,) = _texts(np.array([number], np.float32) if single else np.array([number], np.float64))
    return text


def nested_number_text(number: float) -> str:
    """A number within a list or object of a message, as RapidJSON writes it."""
    text = repr(number)
    if not math.isfinite(number) or (number == 0 or 1e-6 <= abs(number) < 1e21) and "e" not in text:
        return _NAMES.get(text, text)
    sign, digits, exponent = Decimal(text).as_tuple()
    shown = "".join(map(str, digits))
    power = len(digits) + int(exponent)
    minus = "-" * sign
    if power > 21 or power <= -6:
        fraction = f".{shown[1:]}" if len(shown) > 1 else ""
        return f"{minus}{shown[0]}{fraction}e{power - 1}"
    if power > 0:
        return f"{minus}{shown.ljust(power, '0')}.0"
    return f"{minus}0.{'0' * -power}{shown}"


def _printed(values: Floats) -> Doubles:
    """The doubles that orjson prints as `values` are to be, NaN where it cannot."""
    with np.errstate(invalid="ignore", over="ignore"):
        doubles = values.astype(np.float64)
        size = np.abs(doubles)
        exponent = size.view(np.int64) >> 52
        scale = _SCALE[exponent]
        scale = np.where(size * scale < _GREATEST, scale, _NEXT_SCALE[exponent])
        nine = np.rint(doubles * scale)
        six = np.rint(nine / 1e3) * 1e3 / scale
        short = six.astype(values.dtype) == values
    plain = (size >= _LEAST) & (size < np.where(short, _GREATEST_OF_SIX, _GREATEST))
    if values.dtype == np.float64:
        plain &= short
    printed = np.where(short, six, nine / scale)
    printed[~plain & (size != 0)] = np.nan
    return printed


def _texts(values: Floats) -> Iterator[str]:
    """The text of each number by itself."""
    texts = list(map("%.6g".__mod__, values.tolist()))
    with np.errstate(over="ignore"):
        longer = np.array(list(map(float, texts))).astype(values.dtype) != values
    most = f"%.{_MOST_DIGITS[values.dtype.char]}g"
    rest = map(most.__mod__, values[longer].tolist())
    for text, is_longer in zip(texts, longer.tolist(), strict=True):
        yield _marked(next(rest) if is_longer else text)


def _marked(text: str) -> str:
    """Text of `%g` as a token of JSON that cannot be taken for an integer."""
    if "e" in text or "." in text:
        return text
    return _NAMES.get(text) or f"{text}.0"
