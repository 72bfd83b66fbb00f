"""The options of a request beside its files, as form or query fields."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request

from .help_text import entry
from .problems import Problem

_SPELLINGS = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}
# Of what somebody sent, as much as helps.
_QUOTED = 64


@dataclass(frozen=True)
class Option:
    """One option. `read` raises ValueError with the rest of a sentence that starts with the
    option's name. An option that is missing or empty has the value `default`.
    """

    name: str
    default: Any
    read: Callable[[str], Any]
    meaning: str


def yes_or_no(text: str) -> bool:
    """A reader of booleans in their usual spellings."""
    try:
        return _SPELLINGS[text.strip().lower()]
    except KeyError:
        raise ValueError(f"must be one of {', '.join(_SPELLINGS)}") from None


def read(known: Sequence[Option], files: Collection[str]) -> dict[str, Any]:
    """The values of the options `known`, by name. `files` are the fields that hold files.

    Raises Problem 400 for an unknown field, with the known ones, and for a value that is not
    allowed.
    """
    names = [option.name for option in known]
    sent = set(request.args) | set(request.form) | set(request.files)
    for name in sorted((set(request.args) - set(names)) | (sent - set(names) - set(files))):
        raise Problem(
            400,
            "unknown-option",
            f"There is no option {name[:_QUOTED]!r} here. Options: {' and '.join(names)}. "
            f"Files: {' and '.join(files)}.",
        )
    return {option.name: _value(option) for option in known}


def _value(option: Option) -> Any:
    if option.name in request.files:
        raise _bad(f"{option.name} was sent as a file; send it as text: -F {option.name}=VALUE.")
    texts = request.args.getlist(option.name) + request.form.getlist(option.name)
    if len(texts) > 1:
        raise _bad(f"{option.name} was sent {len(texts)} times; send it once.")
    text = texts[0].strip() if texts else ""
    if not text:
        return option.default
    try:
        return option.read(text)
    except ValueError as error:
        raise _bad(f"{option.name}={text[:_QUOTED]!r} {error}.") from None


def _bad(detail: str) -> Problem:
    return Problem(400, "bad-option", detail)


def help_text(known: Sequence[Option]) -> str:
    """The options as `--help` prints them."""
    return "\n".join(
        entry(f"{option.name} (default {_shown(option.default)})", option.meaning)
        for option in known
    )


def markdown_table(known: Sequence[Option]) -> str:
    """The options as a Markdown table, for the docs."""
    lines = ["| Option | Default | Meaning |", "|---|---|---|"]
    lines += [
        f"| `{option.name}` | `{_shown(option.default)}` | {option.meaning} |" for option in known
    ]
    return "\n".join(lines) + "\n"


def _shown(default: Any) -> str:
    if isinstance(default, bool) or default is None:
        return str(default).lower()
    return f"{default:g}" if isinstance(default, float) else str(default)
