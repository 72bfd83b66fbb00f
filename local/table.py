"""What runs, as `vela ls` and `vela status --endpoint` show it."""

import time
from collections.abc import Sequence
from itertools import groupby
from typing import TextIO

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from .state import Row

_COLORS = {
    "running": "green",
    "succeeded": "green",
    "failed": "bold red",
    "restarting": "yellow",
    "starting": "cyan",
    "stopping": "cyan",
}


def components_table(rows: Sequence[Row]) -> Table:
    """A row for each component, those of one application together."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    for name in ("APP", "COMPONENT", "TYPE", "PHASE", "HEALTHY", "STATUS", "RESTARTS", "SINCE"):
        flexible = name == "STATUS"
        table.add_column(name, no_wrap=True, overflow="ellipsis" if flexible else "fold",
                         min_width=16 if flexible else None)  # fmt: skip
    for application, group in groupby(rows, key=lambda row: row.application):
        each = list(group)
        for index, row in enumerate(each):
            branch = "└─" if index == len(each) - 1 else "├─"
            color = _COLORS.get(row.phase, "")
            table.add_row(
                application if index == 0 else branch,
                row.component,
                row.type,
                Text(row.phase, color),
                Text(row.health, "red" if row.healthy is False else ""),
                Text(row.detail),
                str(row.restarts),
                time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(row.since)),
            )
    return table


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


def printer(stream: TextIO) -> Console:
    """Prints tables to a stream: as wide as a terminal, or as wide as they are."""
    return Console(
        file=stream, width=None if stream.isatty() else 1000, highlight=False, soft_wrap=False
    )


def together(*parts: RenderableType) -> Group:
    """One thing above the other."""
    return Group(*parts)
