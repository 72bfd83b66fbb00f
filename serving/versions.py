"""The version folders under a base path, and the state of each version ever seen there."""

import logging
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from serving.errors import ServingError

MAX_VERSION = 2**63 - 1
_DIGITS = re.compile(r"[0-9]+")

logger = logging.getLogger(__name__)


def find_versions(base_path: Path) -> dict[int, Path]:
    """The folders named by an integer (00000123 is 123); of two for one number the shorter name
    wins. Raises OSError where the base path cannot be looked into.
    """
    names = sorted(os.listdir(base_path), key=lambda name: (len(name), name))  # noqa: PTH208
    found: dict[int, Path] = {}
    for name in names:
        if not _DIGITS.fullmatch(name) or not _may_be_folder(base_path / name):
            continue
        version = int(name)
        if version <= MAX_VERSION and found.setdefault(version, base_path / name).name != name:
            logger.debug("%s: version %d is there already", base_path / name, version)
    return found


def _may_be_folder(path: Path) -> bool:
    """False only for what is surely no folder; one that cannot be read fails to load."""
    try:
        return path.is_dir()
    except OSError:
        return True


def files_of(folder: Path) -> Iterator[Path]:
    """What is in a version's folder and the folders in it, which may be links; but no folders."""
    links = (path for path in folder.glob("*") if os.path.islink(path))  # noqa: PTH114
    for top in (folder, *links):
        for root, _, names in os.walk(top):
            yield from (Path(root, name) for name in names)


def fingerprint(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Names, sizes and times of the files in a folder; changes whenever one of them is written."""
    files = []
    for path in files_of(folder):
        try:
            status = path.stat()
        except OSError:
            continue
        files.append((str(path), status.st_size, status.st_mtime_ns))
    return tuple(sorted(files))


class VersionStates:
    """The state of each version, as the status route reports it."""

    STATES = ("START", "LOADING", "AVAILABLE", "UNLOADING", "END")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._states: dict[int, tuple[str, ServingError | None]] = {}

    def set(self, version: int, state: str, error: ServingError | None = None) -> None:
        """Note a version's new state; `error` is why it ended."""
        # Not with its traceback, which would keep what was loaded of the model.
        bare = ServingError(error.code, error.message) if error else None
        with self._lock:
            self._states[version] = (state, bare)

    def snapshot(self) -> dict[int, str]:
        """Every version's state, highest version first."""
        with self._lock:
            return {version: self._states[version][0] for version in sorted(self._states)[::-1]}

    def errors(self) -> str:
        """What went wrong with which version, on one line."""
        with self._lock:
            return "; ".join(
                f"version {version}: {error}"
                for version, (_, error) in sorted(self._states.items())
                if error
            )

    def report(self, version: int | None = None) -> list[dict[str, Any]]:
        """`model_version_status` of all versions, highest first, or of one."""
        with self._lock:
            states = dict(self._states)
        return [
            {
                "version": str(number),
                "state": state,
                "status": {
                    "error_code": error.code if error else "OK",
                    "error_message": error.message if error else "",
                },
            }
            for number, (state, error) in sorted(states.items(), reverse=True)
            if version in (None, number)
        ]
