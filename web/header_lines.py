"""The header lines of a request, as they were sent.

WSGI joins the values of one name by commas, but a value may contain a comma. Code that must see a
header as a proxy in between sees it uses this module.
"""

from collections.abc import Iterable
from contextvars import ContextVar

from flask import request

_lines: ContextVar[list[tuple[str, str]] | None] = ContextVar("header_lines", default=None)


def remember(lines: Iterable[tuple[str, str]]) -> None:
    """Store the lines, (name, value), of the request that this thread is about to answer."""
    _lines.set([(name.lower(), value) for name, value in lines])


def values(name: str) -> list[str]:
    """The value of each line of that name, stripped; joined if the server stores no lines."""
    lines = _lines.get()
    if lines is None:
        return request.headers.getlist(name)
    return [value.strip(" \t") for each, value in lines if each == name.lower()]
