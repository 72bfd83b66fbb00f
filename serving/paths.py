"""Request paths of TensorFlow Serving's REST API, matched whole, query string included."""

import re
from dataclasses import dataclass
from typing import Literal, cast
from urllib.parse import unquote

from serving.errors import ServingError, invalid
from serving.versions import MAX_VERSION

PROMETHEUS = "/monitoring/prometheus/metrics"

_MODEL = r"/v1/models(?:/([^/:]+))?(?:/versions/([0-9]+)|/labels/([^/:]+))?"
_VERB = re.compile(_MODEL + r":(classify|regress|predict)", re.IGNORECASE)
_STATUS = re.compile(_MODEL + r"(?:/(metadata))?", re.IGNORECASE)

Verb = Literal["predict", "classify", "regress", "status", "metadata"]


class VersionTooLargeError(ServingError):
    """A version number beyond 64 bits; TensorFlow Serving answers it with an empty body."""


@dataclass(frozen=True)
class Target:
    """What a request is about."""

    verb: Verb
    model: str
    version: int | None
    label: str | None


def parse(method: str, path: str) -> Target:
    """The target of a request under /v1/; INVALID_ARGUMENT for any other method or path."""
    malformed = invalid(f"Malformed request: {method} {path}")
    match = {"POST": _VERB, "GET": _STATUS}.get(method, _VERB).fullmatch(path)
    if match is None or method not in ("GET", "POST"):
        raise malformed
    name, digits, label, verb = match.groups()
    if method == "POST" and (name is None or verb not in ("predict", "classify", "regress")):
        raise malformed  # the verb is case-sensitive, the rest of the path is not
    if name is None:
        raise invalid("Missing model name in request.")
    version = int(digits) if digits else None
    if version is not None and version > MAX_VERSION:
        raise VersionTooLargeError(
            "INVALID_ARGUMENT", f"Failed to convert version: {digits} to numeric."
        )
    if method == "GET":
        verb = "metadata" if verb == "metadata" else "status"
    return Target(cast(Verb, verb), unquote(name), version, unquote(label) if label else None)
