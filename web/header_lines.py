"""The lines of a request's header as they came.

WSGI joins the values of one name by commas, and a comma may stand in a value, too: whoever is to
see what a proxy in between sees asks here.
"""

from collections.abc import Iterable
from contextvars import ContextVar

from flask import request

_lines: ContextVar[list[tuple[str, str]] | None] = ContextVar("header_lines", default=None)


def remember(lines: Iterable[tuple[str, str]]) -> None:
    """These are the lines, (name, value), of the request that this thread is about to answer."""
    _lines.set([(name.lower(), value) for name, value in lines])


def values(name: str) -> list[str]:
    """The value of each line of that name, without white space around it; of a server that does not
    remember them, joined.
    """
    lines = _lines.get()
    if lines is None:
        return request.headers.getlist(name)
    return [value.strip(" \t") for each, value in lines if each == name.lower()]
