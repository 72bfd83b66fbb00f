"""The file of each Application that runs, as the running `up` records it in the state folder."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .state import StateFolder

_NAME = "applied.json"


@dataclass(frozen=True)
class AppliedFile:
    """A file that runs, and the digest of its text."""

    path: Path
    sha256: str


@dataclass(frozen=True)
class _Applied:
    applications: dict[str, AppliedFile] = field(default_factory=dict)
    admin_port: int | None = None


def digest(text: str) -> str:
    """A hash of the text."""
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
    return _read(state).applications


def admin_port(state: StateFolder) -> int | None:
    """The gateway's admin port, where there is a gateway."""
    return _read(state).admin_port


def _read(state: StateFolder) -> _Applied:
    return state.read(_NAME, _Applied) or _Applied()
