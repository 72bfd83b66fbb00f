"""Request bytes to a JSON object, and JSON values back to text for messages.

JSON here is what TensorFlow Serving's parser takes: RFC 8259 and the tokens NaN, Infinity, Inf,
-Infinity and -Inf; whatever follows the object is ignored.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import orjson

from serving.errors import ServingError, invalid

LONGEST_VALUE_TEXT = 512
_KEYS = (b"instances", b"inputs", b"signature_name")
_LARGEST_EXACT_DIGITS = 20
# Strings are matched first so that a token inside one is left alone.
_SHORT_INFINITY = re.compile(r'"(?:[^"\\]|\\.)*"|Inf(?!inity)', re.DOTALL)


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`; INVALID_ARGUMENT for anything else."""
    if not body.strip(b" \t\r\n"):
        raise _parse_error("The document is empty")
    # orjson lets the last of doubled keys count, upstream's parser the first.
    doubled = any(body.count(b'"%s"' % key) > 1 for key in _KEYS)
    try:
        document = _parse_lenient(body) if doubled else orjson.loads(body)
    except orjson.JSONDecodeError:
        document = _parse_lenient(body)
    if not isinstance(document, dict):
        raise invalid(f"JSON Value: {value_text(document)} Is not object")
    return document


def _parse_error(reason: str) -> ServingError:
    return invalid(f"JSON Parse error: {reason}")


def _finite(literal: str) -> float:
    number = float(literal)
    if math.isinf(number):
        raise ValueError(f"Number too big to be stored in double: {literal[:40]}")
    return number


def _integer(literal: str) -> int | float:
    # As orjson does: what no 64-bit integer holds is a double.
    return int(literal) if len(literal) <= _LARGEST_EXACT_DIGITS else _finite(literal)


def _first_of_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    first: dict[str, Any] = {}
    for key, value in pairs:
        first.setdefault(key, value)
    return first


_DECODER = json.JSONDecoder(
    parse_float=_finite, parse_int=_integer, object_pairs_hook=_first_of_each
)
# Python's words for what is wrong, and upstream's.
_WORDS = {
    "Expecting value": "Invalid value.",
    "Expecting property name enclosed in double quotes": "Missing a name for object member.",
    "Expecting ':' delimiter": "Missing a colon after a name of object member.",
    "Unterminated string starting at": "Missing a closing quotation mark in string.",
    "Invalid \\escape": "Invalid escape character in string.",
    "Invalid \\uXXXX escape": "Incorrect hex digit after \\u escape in string.",
    "Invalid control character at": "Invalid encoding in string.",
    "Expecting ',' delimiter": "Missing a comma, } or ] after an element.",
}


def _parse_lenient(body: bytes) -> Any:
    """What orjson refuses and TensorFlow Serving reads: non-finite tokens, trailing bytes."""
    try:
        text = body.decode().lstrip(" \t\r\n")
        if "Inf" in text:
            text = _SHORT_INFINITY.sub(
                lambda match: "Infinity" if match[0] == "Inf" else match[0], text
            )
        document = _DECODER.raw_decode(text)[0]
        if "\\u" in text:  # half of a surrogate pair is no text, and cannot be written either
            json.dumps(document, ensure_ascii=False).encode()
        return document
    except RecursionError:
        raise _parse_error("The document is nested too deeply") from None
    except UnicodeError as error:
        raise _parse_error(f"Invalid encoding in string: {error}") from None
    except json.JSONDecodeError as error:
        words = _WORDS.get(error.msg, f"{error.msg}.")
        raise _parse_error(f"{words} at offset: {error.pos}") from None
    except ValueError as error:
        raise _parse_error(str(error)) from None


def type_text(value: Any) -> str:
    """The JSON type of a value, in the words of TensorFlow Serving's messages."""
    if value is None:
        return "Null"
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, str):
        return "String"
    if isinstance(value, dict):
        return "Object"
    return "Array" if isinstance(value, list) else "Number"


def value_text(value: Any) -> str:
    """A value as JSON text for a message: lists on one line, objects indented, cut when long."""
    text = ""
    for piece in _pieces(value, "\n"):
        text += piece
        if len(text) > LONGEST_VALUE_TEXT:
            return text[:LONGEST_VALUE_TEXT] + "..."
    return text


def _pieces(value: Any, newline: str) -> Iterator[str]:
    if isinstance(value, dict):
        inner = newline + "    "
        for index, (key, item) in enumerate(value.items()):
            yield ("," if index else "{") + inner + json.dumps(key, ensure_ascii=False) + ": "
            yield from _pieces(item, inner)
        yield newline + "}" if value else "{}"
    elif isinstance(value, list):
        yield "["
        for index, item in enumerate(value):
            if index:
                yield ", "
            yield from _pieces(item, newline)
        yield "]"
    elif isinstance(value, str):
        yield json.dumps(value[:LONGEST_VALUE_TEXT], ensure_ascii=False)
    else:
        yield json.dumps(value)
