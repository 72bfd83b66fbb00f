"""Every setting, in one table: the environment variables that `--help` and the docs list."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar
from urllib.parse import urlsplit


class BadSetting(Exception):
    """An environment variable holds something that it cannot mean; the text is for people."""


def predict_url(text: str) -> str:
    """A full predict URL: http or https, a host, a path that ends in `:predict`."""
    parts = urlsplit(text)
    try:
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError as error:
        raise ValueError(f"has a bad port: {error}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be a full address: http://HOST:PORT/v1/models/NAME:predict")
    if not parts.path.endswith(":predict") or parts.query or parts.fragment:
        raise ValueError("must end in :predict, as in http://HOST:PORT/v1/models/NAME:predict")
    if parts.username is not None:
        raise ValueError("must not carry a user name or password")
    return text


def whole(low: int, high: int) -> Callable[[str], int]:
    """A reader of whole numbers from `low` to `high`."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(text)

    return read


def number(low: float, high: float) -> Callable[[str], float]:
    """A reader of numbers from `low` to `high`."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise ValueError(f"must be a number from {low:g} to {high:g}")
        return value

    return read


def setting(default: Any, read: Callable[[str], Any], meaning: str) -> Any:
    """A field of Settings: `read` raises ValueError with what the value must be."""
    return field(default=default, metadata={"read": read, "meaning": meaning})


@dataclass(frozen=True)
class Settings:
    """What the color client can be told; each field is the environment variable in lower case."""

    url: str = setting(
        "http://localhost:8501/v1/models/my-model:predict",
        predict_url,
        "Predict URL of the model server, or of the gateway in front of it.",
    )
    host: str = setting("0.0.0.0", str, "Address to listen on.")
    port: int = setting(3333, whole(1, 65_535), "Port to listen on.")
    timeout_s: float = setting(
        15.0,
        number(0.05, 600),
        "Seconds for the whole exchange with the predict URL, a second try included.",
    )
    max_upload_mb: float = setting(
        25.0, number(0.001, 1024), "Largest upload, in megabytes (1 MB is 1,000,000 bytes)."
    )
    max_pixels: int = setting(
        50_000_000, whole(1, 1_000_000_000), "Most pixels of an upload, by its header."
    )
    working_size: int = setting(
        256, whole(16, 512), "Long side, in pixels, of what the network gets; never scaled up."
    )
    max_in_hand: int = setting(
        64, whole(1, 1024), "Photos in hand at once; one more is answered 503 with Retry-After."
    )
    max_pixels_in_hand: int = setting(
        100_000_000,
        whole(1, 10_000_000_000),
        "Decoded pixels in memory at once, 7 to 18 bytes each; photos beyond wait their turn.",
    )

    max_upload_mb_in_hand: float = setting(
        200.0,
        number(0.001, 100_000),
        "Megabytes of uploads in memory at once; what would be more is answered 503 with "
        "Retry-After.",
    )
    client_timeout_s: float = setting(
        60.0,
        number(0.1, 3600),
        "Seconds that a caller may take to send a photo, and as many again to take the answer; "
        "slower ones are cut off.",
    )

    @property
    def max_upload_bytes_in_hand(self) -> int:
        """`max_upload_mb_in_hand` in bytes."""
        return int(self.max_upload_mb_in_hand * 1_000_000)

    @property
    def max_upload_bytes(self) -> int:
        """`max_upload_mb` in bytes."""
        return int(self.max_upload_mb * 1_000_000)


Kind = TypeVar("Kind", bound=Settings)


def from_environment(environment: Mapping[str, str], kind: type[Kind]) -> Kind:
    """Settings from environment variables; what is unset or empty keeps its default.

    Raises BadSetting with one line that names the variable, its value and what it takes.
    """
    values = {}
    for each in fields(kind):
        name = each.name.upper()
        text = environment.get(name, "").strip()
        if not text:
            continue
        try:
            values[each.name] = each.metadata["read"](text)
        except ValueError as error:
            raise BadSetting(f"{name}={text!r} {error}") from None
    return kind(**values)


def rows(kind: type[Settings] = Settings) -> list[tuple[str, str, str]]:
    """(variable, default, meaning) of every setting."""
    return [
        (each.name.upper(), _shown(each.default), each.metadata["meaning"]) for each in fields(kind)
    ]


def _shown(default: Any) -> str:
    return f"{default:g}" if isinstance(default, float) else str(default)


def help_text(kind: type[Settings] = Settings) -> str:
    """The settings as `--help` prints them."""
    return "\n".join(
        f"  {name} (default {default})\n      {meaning}" for name, default, meaning in rows(kind)
    )


def markdown_table(kind: type[Settings] = Settings) -> str:
    """The settings as a Markdown table, for the docs."""
    lines = ["| Variable | Default | Meaning |", "|---|---|---|"]
    lines += [f"| `{name}` | `{default}` | {meaning} |" for name, default, meaning in rows(kind)]
    return "\n".join(lines) + "\n"
