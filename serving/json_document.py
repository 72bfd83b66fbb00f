"""Request bytes to a JSON object, and JSON values back to text for messages.

JSON here is what TensorFlow Serving's parser takes: RFC 8259 and the tokens NaN, Infinity, Inf,
-Infinity and -Inf; whatever follows the object is ignored.
"""

import json
import math
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import orjson

from serving.errors import ServingError, invalid
from serving.json_numbers import nested_number_text, number_text
from serving.json_syntax import SyntaxProblem, invalid_escape, syntax_problem

LONGEST_VALUE_TEXT = 512
_WHITE = " \t\r\n"
_BOM = b"\xef\xbb\xbf"
_LARGEST_EXACT_DIGITS = 20
# More keys than any signature has inputs. To search the body for each takes long.
_MOST_KEYS = 100
# Strings are matched first so that a token inside one is left alone; so is one that does not end,
# or the search would begin anew at each of its escaped quotes.
_FOREIGN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|Inf(?!i)|-NaN', re.DOTALL)


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`; INVALID_ARGUMENT for anything else."""
    if not body:
        raise _parse_error("The document is empty")
    if not body.strip(_WHITE.encode()):
        raise _parse_error("The document is empty.", len(body))
    try:
        document = orjson.loads(body.removeprefix(_BOM))
    except orjson.JSONDecodeError:
        document = _parse_lenient(body)
    else:
        # orjson lets the last of doubled keys count, upstream's parser the first.
        keys = list(islice(_keys(document), _MOST_KEYS + 1))
        if len(keys) > _MOST_KEYS or any(
            body.count(b'"%s"' % key.encode()) > times for key, times in keys
        ):
            document = _parse_lenient(body)
    if not isinstance(document, dict):
        raise invalid(f"JSON Value: {value_text(document)} Is not object")
    return document


def _keys(document: Any) -> Iterator[tuple[str, int]]:
    """The keys that count, and how often each should be there."""
    if not isinstance(document, dict):
        return
    yield from ((key, 1) for key in ("instances", "inputs", "signature_name"))
    inputs, rows = document.get("inputs"), document.get("instances")
    if isinstance(inputs, dict):
        yield from ((name, 1) for name in inputs)
    if isinstance(rows, list) and rows and isinstance(rows[0], dict):
        yield from ((name, len(rows)) for name in rows[0])


def _parse_error(reason: str, offset: int | None = None) -> ServingError:
    place = "" if offset is None else f" at offset: {offset}"
    return invalid(f"JSON Parse error: {reason}{place}")


class TooLargeError(Exception):
    """A number that no double holds, as it is written."""


def _finite(literal: str) -> float:
    number = float(literal)
    if math.isinf(number):
        raise TooLargeError(literal)
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


def _parse_lenient(body: bytes) -> Any:
    """What orjson refuses and TensorFlow Serving reads: non-finite tokens, trailing bytes."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise _parse_error("Invalid encoding in string.", error.start) from None
    start = len(text) - len(text.removeprefix("\ufeff").lstrip(_WHITE))
    known = _FOREIGN.sub(_to_python_token, text) if "Inf" in text or "-NaN" in text else text
    try:
        document, end = _DECODER.raw_decode(known, start)
    except RecursionError:
        raise _parse_error("The document is nested too deeply.") from None
    except json.JSONDecodeError as error:
        wrong: SyntaxProblem | None = syntax_problem(known, error)
    except TooLargeError as error:
        wrong = "Number too big to be stored in double.", known.find(error.args[0])
    else:
        # Half of a surrogate pair is no text, and cannot be written either.
        wrong = invalid_escape(known[:end]) if "\\u" in text else None
    if wrong:
        words, at = wrong
        raise _parse_error(words, len(text[: at - _token_offset(text, at)].encode()))
    return document


def _to_python_token(token: re.Match[str]) -> str:
    return {"Inf": "Infinity", "-NaN": "NaN"}.get(token[0], token[0])


def _token_offset(text: str, at: int) -> int:
    """How many characters of what stands before `at` were added to `text`."""
    added = 0
    for token in _FOREIGN.finditer(text):
        if token.start() + added >= at:
            break
        added += len(_to_python_token(token)) - len(token[0])
    return added


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
    if isinstance(value, float):
        return number_text(value)
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
    elif isinstance(value, float):
        yield nested_number_text(value)
    else:
        yield json.dumps(value)
