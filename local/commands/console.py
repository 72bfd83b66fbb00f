"""The output for a person: each component's lines with its name in front, and their state.

On a terminal a table stays below the lines and is updated in place; elsewhere each change is a
line.
"""

import contextlib
import threading
from collections.abc import Sequence
from typing import TextIO

from rich.console import Group
from rich.live import Live
from rich.text import Text

from ..running.logs import LogFiles
from ..running.state import Row
from .table import components_table, endpoints_table, has_endpoints, printer

OWN_NAME = "local"


class Console:
    """Writes to a stream and to the log files; threads may share it."""

    def __init__(self, stream: TextIO, names: Sequence[str], logs: LogFiles | None = None):
        """`names` are the programs' names: they decide how wide the column of names is."""
        self._stream = stream
        self._width = max(len(name) for name in (OWN_NAME, *names))
        self._logs = logs
        self._lock = threading.RLock()
        self._shown: dict[tuple[str, str], tuple[str, bool | None]] = {}
        self._live: Live | None = None
        if stream.isatty():
            self._live = Live(console=printer(stream), refresh_per_second=4, auto_refresh=False)
            self._live.start()

    def line(self, component: tuple[str, str], name: str, text: str) -> None:
        """Write one line of a component's program `name`."""
        if self._logs:
            self._logs.line(component, name, text)
        self._write(f"{name:<{self._width}} | {text}")

    def say(self, text: str) -> None:
        """Write one line of our own."""
        self._write(f"{OWN_NAME:<{self._width}} | {text}")

    def show(self, text: str) -> None:
        """Write a text without a prefix, so that its lines can be copied."""
        self._write(f"\n{text}\n")

    def show_endpoints(self, rows: Sequence[Row]) -> None:
        """Write where everything answers, where no table stays in view."""
        if self._live or not has_endpoints(rows):
            return
        with self._lock, contextlib.suppress(OSError, ValueError):
            printer(self._stream).print(endpoints_table(rows))
            self._stream.flush()

    def rows(self, rows: Sequence[Row]) -> None:
        """Show how every component is."""
        if self._live:
            parts = [components_table(rows, self._live.console.width)]
            if has_endpoints(rows):
                parts.append(endpoints_table(rows))
            with self._lock, contextlib.suppress(OSError, ValueError):
                self._live.update(Group(Text(), *parts), refresh=True)
            return
        for row in rows:
            key, now = (row.application, row.component), (row.phase, row.healthy)
            if self._shown.get(key) != now:
                self._shown[key] = now
                detail = f"  {row.detail}" if row.detail else ""
                self.say(f"{'/'.join(key)}  {row.type}  {row.phase}  {row.health}{detail}")

    def close(self) -> None:
        """Leave the last table where it is."""
        with self._lock, contextlib.suppress(OSError, ValueError):
            if self._live:
                self._live.stop()
        if self._logs:
            self._logs.close()

    def _write(self, text: str) -> None:
        # Nobody may read any more (`| head`, a closed terminal). The programs go on.
        with self._lock, contextlib.suppress(OSError, ValueError):
            if self._live:
                self._live.console.print(Text.from_ansi(text), soft_wrap=True)
            else:
                self._stream.write(f"{text}\n")
                self._stream.flush()
