"""What the components print, in files: `TIME program | line`, one file for each component."""

import contextlib
import heapq
import os
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from .state import StateFolder

# A log of this size is rotated: it starts anew, and the previous part is kept.
_MAX_BYTES = 10_000_000
_POLL_INTERVAL_S = 0.3


class LogFiles:
    """Writes the lines of every component; threads may share it."""

    def __init__(self, state: StateFolder):
        self._state = state
        self._files: dict[tuple[str, str], TextIO] = {}
        self._lock = threading.Lock()

    def line(self, component: tuple[str, str], name: str, text: str) -> None:
        """Write one line. A full disk does not stop what runs."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        with self._lock:
            try:
                file = self._file(component)
                file.write(f"{now} {name} | {text}\n")
                file.flush()
            except OSError:
                return

    def _file(self, component: tuple[str, str]) -> TextIO:
        file = self._files.get(component)
        path = self._state.log(*component)
        if file is not None and _is_gone(file, path):
            del self._files[component]
            file.close()
            file = None
        if file is not None and file.tell() > _MAX_BYTES:
            # Given up first: closing or renaming it may fail.
            del self._files[component]
            file.close()
            path.replace(_rotated(path))
            file = None
        if file is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = self._files[component] = path.open("a", encoding="utf-8")
        return file

    def close(self) -> None:
        """Close every file."""
        with self._lock:
            for file in self._files.values():
                with contextlib.suppress(OSError):
                    file.close()
            self._files.clear()


def read_logs(paths: Sequence[Path]) -> Iterator[str]:
    """The lines of several logs, in the order in which they were printed."""
    every = [each for path in paths for each in (_rotated(path), path) if each.exists()]
    # A line may hold a carriage return.
    files = [each.open(encoding="utf-8", errors="replace", newline="\n") for each in every]
    try:
        yield from heapq.merge(*files, key=lambda line: line[:24])
    finally:
        for file in files:
            file.close()


def follow_logs(paths: Sequence[Path], state: StateFolder) -> Iterator[str]:
    """The lines of several logs, and those to come, until the `up` that writes them ends."""
    offsets = dict.fromkeys(paths, 0)
    new_lines = [line for path in paths for line in _lines(_rotated(path), 0)[0]]
    while True:
        running = state.is_running()
        for path in paths:
            if path.exists() and path.stat().st_size < offsets[path]:  # it was rotated
                new_lines += _lines(_rotated(path), offsets[path])[0]
                offsets[path] = 0
            lines, offsets[path] = _lines(path, offsets[path])
            new_lines += lines
        yield from sorted(new_lines, key=lambda line: line[:24])
        if not running:
            return
        new_lines = []
        time.sleep(_POLL_INTERVAL_S)


def _is_gone(file: TextIO, path: Path) -> bool:
    """Whether the file was deleted or moved away, but not all of its folder with it."""
    try:
        return not os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return path.parent.exists()


def _rotated(path: Path) -> Path:
    return path.with_suffix(".log.1")


def _lines(path: Path, offset: int) -> tuple[list[str], int]:
    """The whole lines of a log from that byte on, and where they end."""
    if not path.exists():
        return [], offset
    with path.open("rb") as file:
        file.seek(offset)
        whole, end, _ = file.read().rpartition(b"\n")
    lines = whole.decode("utf-8", "replace").split("\n") if end else []
    return [f"{line}\n" for line in lines], offset + len(whole + end)
