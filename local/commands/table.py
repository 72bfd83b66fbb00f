"""What runs, as `vela ls` and `vela status --endpoint` show it."""

import time
from collections.abc import Sequence
from itertools import groupby
from typing import TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..running.state import Row

_COLORS = {
    "running": "green",
    "succeeded": "green",
    "failed": "bold red",
    "restarting": "yellow",
    "starting": "cyan",
    "stopping": "cyan",
}
_HEALTH_COLORS = {True: "", None: "", False: "red"}


# What gives way first where the terminal is narrow.
_DISPENSABLE = ("SINCE", "TYPE", "RESTARTS", "HEALTHY")
_LEAST_STATUS, _GAP = 20, 3


def components_table(rows: Sequence[Row], width: int) -> Table:
    """A row for each component, those of one application together, in `width` characters.

    Columns give way where there is no room for them, and the status is cut; names never are.
    """
    columns = _columns(rows)

    def left_for_status() -> int:
        taken = sum(max(map(len, cells)) + _GAP for cells in columns.values())
        return width - taken + max(map(len, columns["STATUS"])) + _GAP

    for name in _DISPENSABLE:
        if left_for_status() < _LEAST_STATUS:
            del columns[name]
    room = max(left_for_status(), _LEAST_STATUS)
    columns["STATUS"] = [
        cell if len(cell) <= room else f"{cell[: room - 1]}…" for cell in columns["STATUS"]
    ]
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for name, cells in columns.items():
        table.add_column(name, no_wrap=True, min_width=max(map(len, cells)))
    for row, *cells in zip(rows, *(cells[1:] for cells in columns.values()), strict=True):
        colors = {"PHASE": _COLORS.get(row.phase, ""), "HEALTHY": _HEALTH_COLORS[row.healthy]}
        named = zip(columns, cells, strict=True)
        table.add_row(*(Text(cell, colors.get(name, "")) for name, cell in named))
    return table


def _columns(rows: Sequence[Row]) -> dict[str, list[str]]:
    """Every column's cells, its name first."""
    names = []
    for application, group in groupby(rows, key=lambda row: row.application):
        count = len(list(group))
        names += [application, *["├─"] * (count - 2), *["└─"] * (count > 1)]
    since = [time.strftime("%Y-%m-%d %H:%M:%S %z %Z", time.localtime(row.since)) for row in rows]
    cells = {
        "APP": names,
        "COMPONENT": [row.component for row in rows],
        "TYPE": [row.type for row in rows],
        "PHASE": [row.phase for row in rows],
        "HEALTHY": [row.health for row in rows],
        "STATUS": [" ".join(row.detail.split()) for row in rows],
        "RESTARTS": [str(row.restarts) for row in rows],
        "SINCE": since,
    }
    return {name: [name, *values] for name, values in cells.items()}


def endpoints_table(rows: Sequence[Row]) -> Table:
    """A row for each address."""
    table = Table(box=box.ASCII2, header_style="bold")
    for name in ("CLUSTER", "REF(KIND/NAMESPACE/NAME)", "ENDPOINT"):
        table.add_column(name, no_wrap=True, overflow="fold")
    for row in rows:
        for reference, url in row.endpoints:
            table.add_row("local", reference, Text(url))
    return table


def has_endpoints(rows: Sequence[Row]) -> bool:
    """Whether there is anything for `endpoints_table`."""
    return any(row.endpoints for row in rows)


class Printer(Console):
    """rich's, which raises BrokenPipeError where nobody reads any more, as `print` does."""

    def on_broken_pipe(self) -> None:
        """Called while that error is handled; rich's own ends the process."""
        raise


def printer(stream: TextIO) -> Printer:
    """Prints tables to a stream: as wide as a terminal, or as wide as they are."""
    return Printer(
        file=stream, width=None if stream.isatty() else 1000, highlight=False, soft_wrap=False
    )
