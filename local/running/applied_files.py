"""The file of each Application that runs, as the running `up` tells it in the state folder."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .state import StateFolder

_NAME = "applied.json"


@dataclass(frozen=True)
class AppliedFile:
    """A file that runs, and the digest of its text."""

    path: Path
    sha256: str


def digest(text: str) -> str:
    """What tells one text from another."""
    return hashlib.sha256(text.encode()).hexdigest()


def write_applied(
    state: StateFolder, applications: Mapping[str, AppliedFile], admin_port: int | None
) -> None:
    """Leave the files by the names of their Applications, and the gateway's admin port."""
    files = {
        name: {"path": str(each.path), "sha256": each.sha256} for name, each in applications.items()
    }
    state.try_write(_NAME, {"applications": files, "admin_port": admin_port})


def applied_files(state: StateFolder) -> dict[str, AppliedFile]:
    """The files that run, or ran last, by Application."""
    found = (state.read(_NAME) or {}).get("applications", {})
    return {name: AppliedFile(Path(each["path"]), each["sha256"]) for name, each in found.items()}


def admin_port(state: StateFolder) -> int | None:
    """The gateway's admin port, where there is a gateway."""
    port: int | None = (state.read(_NAME) or {}).get("admin_port")
    return port
