"""Every setting, in one table: the environment variables that `--help` and the docs list."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from .help_text import entry


class BadSetting(Exception):
    """An environment variable has an invalid value; the text is for people."""


@dataclass(frozen=True)
class integer:
    """A reader of whole numbers from `low` to `high`."""

    low: int
    high: int

    def __call__(self, text: str) -> int:
        """The number. Raises ValueError with what it must be."""
        if not (text.isascii() and text.isdigit() and self.low <= int(text) <= self.high):
            raise ValueError(f"must be a whole number from {self.low} to {self.high}")
        return int(text)

    @property
    def schema(self) -> dict[str, Any]:
        """What it reads, as a JSON Schema."""
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True)
class number:
    """A reader of numbers from `low` to `high`."""

    low: float
    high: float

    def __call__(self, text: str) -> float:
        """The number. Raises ValueError with what it must be."""
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not self.low <= value <= self.high:
            raise ValueError(f"must be a number from {self.low:g} to {self.high:g}")
        return value

    @property
    def schema(self) -> dict[str, Any]:
        """What it reads, as a JSON Schema."""
        return {"type": "number", "minimum": self.low, "maximum": self.high}


def setting(default: Any, read: Callable[[str], Any], meaning: str, *, secret: bool = False) -> Any:
    """A field of a settings class. `read` raises ValueError with what the value must be; the value
    of a `secret` one is never shown.
    """
    metadata = {"read": read, "meaning": meaning, "secret": secret}
    return field(default=default, repr=not secret, metadata=metadata)


@dataclass(frozen=True)
class ServerSettings:
    """The settings of every server; each field is the environment variable in lower case."""

    host: str = setting("0.0.0.0", str, "Address to listen on.")
    port: int = setting(3333, integer(1, 65_535), "Port to listen on.")
    max_in_progress: int = setting(
        64, integer(1, 1024), "Requests in progress at once; one more is refused."
    )
    client_timeout_s: float = setting(
        60.0,
        number(0.1, 3600),
        "Seconds for a caller to send a request, and again to receive the answer; slower callers "
        "are disconnected.",
    )


SettingsT = TypeVar("SettingsT", bound=ServerSettings)


def from_environment(environment: Mapping[str, str], settings: type[SettingsT]) -> SettingsT:
    """Settings from environment variables; what is unset or empty keeps its default.

    Raises BadSetting with one line that names the variable, its value and what it takes.
    """
    values = {}
    for each in fields(settings):
        name = each.name.upper()
        text = environment.get(name, "").strip()
        if not text:
            continue
        try:
            values[each.name] = each.metadata["read"](text)
        except ValueError as error:
            shown = name if each.metadata["secret"] else f"{name}={text!r}"
            raise BadSetting(f"{shown} {error}") from None
    return settings(**values)


def rows(settings: type[ServerSettings]) -> list[tuple[str, str, str]]:
    """(variable, default, meaning) of every setting."""
    return [
        (each.name.upper(), _shown(each.default), each.metadata["meaning"])
        for each in fields(settings)
    ]


def _shown(default: Any) -> str:
    if isinstance(default, bool):
        return "on" if default else "off"
    return f"{default:g}" if isinstance(default, float) else str(default) or "unset"


def help_text(settings: type[ServerSettings]) -> str:
    """The settings as `--help` prints them."""
    return "\n".join(
        entry(f"{name} (default {default})", meaning) for name, default, meaning in rows(settings)
    )


def markdown_table(
    settings: type[ServerSettings], without: type[ServerSettings] | None = None
) -> str:
    """The settings as a Markdown table, for the docs; all, or those that `without` lacks."""
    shown = [row for row in rows(settings) if without is None or row not in rows(without)]
    lines = ["| Variable | Default | Meaning |", "|---|---|---|"]
    lines += [f"| `{name}` | `{default}` | {meaning} |" for name, default, meaning in shown]
    return "\n".join(lines) + "\n"
