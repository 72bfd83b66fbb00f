"""What is wrong with invalid JSON, in the words of RapidJSON, which TensorFlow Serving uses.

Python's parser has found the place; RapidJSON may report something else, at another place.
"""

import json
import re

SyntaxProblem = tuple[str, int]

_WORDS = {
    "Expecting property name enclosed in double quotes": "Missing a name for object member.",
    "Illegal trailing comma before end of object": "Missing a name for object member.",
    "Expecting ':' delimiter": "Missing a colon after a name of object member.",
    "Invalid control character at": "Invalid encoding in string.",
}
_INVALID = "Invalid value."
_UNTERMINATED = "Missing a closing quotation mark in string."
_NO_PAIR = "The surrogate pair in string is invalid."
_LITERALS = ("null", "true", "false", "NaN", "Infinity")
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$")
_LONGEST_NUMBER = 400
_NO_FRACTION, _NO_EXPONENT = re.compile(r"\.(?![0-9])"), re.compile(r"[eE][+-]?(?![0-9])")

_HEX = "[0-9a-fA-F]"
_HIGH, _LOW = rf"\\u[dD][89abAB]{_HEX}{{2}}", rf"\\u[dD][c-fC-F]{_HEX}{{2}}"
_ESCAPES = re.compile(  # the bad ones are its group
    rf'\\["\\/bfnrt]|(?!\\u[dD][89a-fA-F])\\u{_HEX}{{4}}|{_HIGH}{_LOW}|(\\)'
)
_NO_HEX = re.compile(rf"(?:{_HIGH})?\\u(?!{_HEX}{{4}})")


def invalid_escape(text: str) -> SyntaxProblem | None:
    """The first escape that is none of JSON's, or half of a surrogate pair; Python takes these."""
    bad = next((found for found in _ESCAPES.finditer(text) if found[1]), None)
    if bad is None:
        return None
    at = bad.start()
    if text[at + 1 : at + 2] != "u":
        return "Invalid escape character in string.", at
    if _NO_HEX.match(text, at):
        return "Incorrect hex digit after \\u escape in string.", at
    return _NO_PAIR, at


def syntax_problem(text: str, error: json.JSONDecodeError) -> SyntaxProblem:
    """What is wrong, and at which character of `text`."""
    at, message = error.pos, error.msg
    if found := invalid_escape(text):
        if at > found[1] or message.startswith(("Unterminated", "Invalid \\")):
            return found
    elif message.startswith(("Unterminated", "Invalid \\")):
        return _UNTERMINATED, len(text)
    if message.startswith("Illegal trailing comma"):  # by Python 3.13, which points to it
        rest = text[at + 1 :]
        at += 1 + len(rest) - len(rest.lstrip(" \t\r\n"))
    if message in ("Expecting value", "Illegal trailing comma before end of array"):
        return _INVALID, at + _known(text[at : at + 9])
    if message == "Expecting ',' delimiter":
        return _unfinished_number(text, at) or (_missing_comma(text[:at]), at)
    return _WORDS.get(message, f"{message}."), at


def _known(start: str) -> int:
    """How many characters of what should be a value are one's."""
    sign = start.startswith("-")
    word = start[sign:]
    literal = next((each for each in _LITERALS if each[0] == word[:1]), "")
    if sign and literal.islower():
        return 1
    same = (i for i, letter in enumerate(literal) if word[i : i + 1] != letter)
    return sign + next(same, len(literal))


def _unfinished_number(text: str, at: int) -> SyntaxProblem | None:
    before = _NUMBER.search(text[max(0, at - _LONGEST_NUMBER) : at])
    if not before or before[2]:
        return None
    if not before[1] and (end := _NO_FRACTION.match(text, at)):
        return "Miss fraction part in number.", end.end()
    if end := _NO_EXPONENT.match(text, at):
        return "Miss exponent in number.", end.end()
    return None


def _missing_comma(text: str) -> str:
    """Of the list or the object that `text` ends in, told by whether a `]` may follow."""
    text = f"{text}]".lstrip("\ufeff \t\r\n")
    try:
        json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError as error:
        if error.pos < len(text):
            return "Missing a comma or } after an object member."
    return "Missing a comma or ] after an array element."
