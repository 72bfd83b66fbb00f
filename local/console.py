"""What a person sees: the output of several programs as whole lines, each with its program."""

import threading
import time
from typing import TextIO

OWN_NAME = "local"
# Where lines stay (a file, a pipe), a line of progress is written so often, in seconds.
_PROGRESS_EVERY_S = 10.0


class Console:
    """Writes lines to a stream; threads may share it."""

    def __init__(self, stream: TextIO, names: list[str]):
        """`names` are the programs' names: they decide how wide the column of names is."""
        self._stream = stream
        self._width = max(len(name) for name in (OWN_NAME, *names))
        self._terminal = stream.isatty()
        self._progress_shown = False
        self._progress_written = time.monotonic()
        self._lock = threading.Lock()

    def line(self, name: str, text: str) -> None:
        """Write one line of the program `name`."""
        with self._lock:
            self._clear_progress()
            self._write(f"{name:<{self._width}} | {text}\n")

    def say(self, text: str) -> None:
        """Write one line of our own."""
        self.line(OWN_NAME, text)

    def show(self, text: str) -> None:
        """Write a text of our own bare, so that a line of it can be copied whole."""
        with self._lock:
            self._clear_progress()
            self._write(f"\n{text}\n\n")

    def progress(self, text: str) -> None:
        """Show a line that the next one replaces; elsewhere than on a terminal, now and then."""
        with self._lock:
            now = time.monotonic()
            if self._terminal:
                self._clear_progress()
                self._write(f"{OWN_NAME:<{self._width}} | {text}")
                self._progress_shown = True
            elif now - self._progress_written >= _PROGRESS_EVERY_S:
                self._progress_written = now
                self._write(f"{OWN_NAME:<{self._width}} | {text}\n")

    def _clear_progress(self) -> None:
        if self._progress_shown:
            self._progress_shown = False
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            # Nobody reads any more (`| head`, a closed terminal). The programs go on.
            return
