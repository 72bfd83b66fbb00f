"""What the components print, in files: `TIME program | line`, one file for each component."""

import contextlib
import heapq
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from .state import StateFolder

# A log that has grown to this goes on anew, and the one before it is kept.
_MOST_BYTES = 10_000_000
_LOOK_EVERY_S = 0.3


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
        if file is not None and file.tell() > _MOST_BYTES:
            # Given up first: closing or renaming it may fail.
            del self._files[component]
            file.close()
            path.replace(path.with_suffix(".log.1"))
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


def written(paths: Sequence[Path]) -> Iterator[str]:
    """The lines of several logs, in the order in which they were printed."""
    files = [path.open(encoding="utf-8", errors="replace") for path in paths if path.exists()]
    try:
        yield from heapq.merge(*files, key=lambda line: line[:24])
    finally:
        for file in files:
            file.close()


def followed(paths: Sequence[Path], state: StateFolder) -> Iterator[str]:
    """The lines of several logs, and those to come, until the `up` that writes them ends."""
    places = dict.fromkeys(paths, 0)
    while True:
        running = state.is_running()
        fresh: list[str] = []
        for path, place in places.items():
            if not path.exists():
                continue
            with path.open(encoding="utf-8", errors="replace") as file:
                if path.stat().st_size < place:
                    place = 0
                file.seek(place)
                text = file.read()
                whole = text.rpartition("\n")[0]
                if whole:
                    fresh += [f"{line}\n" for line in whole.split("\n")]
                    places[path] = place + len(whole.encode()) + 1
        yield from sorted(fresh, key=lambda line: line[:24])
        if not running:
            return
        time.sleep(_LOOK_EVERY_S)
