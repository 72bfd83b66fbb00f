"""The commands for other terminals: state, output and stopping."""

import argparse
import contextlib
import json
import sys
import time
from dataclasses import asdict
from datetime import datetime
from typing import Any

from ..applications.findings import suggestion
from ..errors import CannotStart
from ..running.logs import follow_logs, read_logs
from ..running.state import Row, StateFolder
from .table import components_table, endpoints_table, printer

# A change of what runs comes first.
_DOWN_WITHIN_S = 300.0
_STOPPED = ("succeeded", "stopped")


def ls(options: argparse.Namespace) -> int:
    """Print the components, as a table or for programs."""
    rows = StateFolder(options.state).rows()
    if options.format == "json":
        print(json.dumps([_for_programs(row) for row in rows], indent=1))
        return 0
    if not rows:
        print(f"nothing has run with {options.state}", file=sys.stderr)
        return 0
    out = printer(sys.stdout)
    out.print(components_table(rows, out.width))
    return 0


def _for_programs(row: Row) -> dict[str, Any]:
    """A row with its time in ISO 8601."""
    since = datetime.fromtimestamp(row.since).astimezone().isoformat(timespec="seconds")
    endpoints = [{"reference": reference, "url": url} for reference, url in row.endpoints]
    return {**asdict(row), "since": since, "endpoints": endpoints}


def rows_of(options: argparse.Namespace) -> list[Row]:
    """The components of an Application that runs, or ran. Raises CannotStart."""
    rows = StateFolder(options.state).rows()
    found = [row for row in rows if row.application == options.application]
    if not found:
        names = suggestion(options.application, {row.application for row in rows}) if rows else ""
        raise CannotStart(
            f"no Application {options.application} has run with {options.state}"
            + (f"; {names}" if names else "")
        )
    return found


def status(options: argparse.Namespace) -> int:
    """Print one Application: its components and addresses; 1 if it is not healthy."""
    rows = rows_of(options)
    out = printer(sys.stdout)
    if not options.endpoint:
        out.print(components_table(rows, out.width))
        print()
    out.print(endpoints_table(rows))
    return 0 if all(row.healthy for row in rows) else 1


def logs(options: argparse.Namespace) -> int:
    """Print the logs of an Application."""
    state = StateFolder(options.state)
    names = [row.component for row in rows_of(options)]
    if options.component and options.component not in names:
        raise CannotStart(
            f"{options.application} has no component {options.component}; "
            f"{suggestion(options.component, names)}"
        )
    paths = [
        state.log(options.application, name) for name in names if options.component in (None, name)
    ]
    lines = follow_logs(paths, state) if options.follow else read_logs(paths)
    with contextlib.suppress(KeyboardInterrupt):
        for line in lines:
            print(line, end="", flush=options.follow)
    return 0


def down(options: argparse.Namespace) -> int:
    """Have the running `up` stop an Application; 1 if none runs or it does not stop."""
    state = StateFolder(options.state)
    rows = rows_of(options)
    name = options.application
    finished = [row.component for row in rows if row.phase == "succeeded"]
    kept = f"its claims are kept in {state.volumes}"
    if len(finished) == len(rows):
        print(f"{name} has finished, and nothing of it runs; {kept}")
        return 0
    if not state.is_running() or not any(row.phase not in _STOPPED for row in rows):
        print(f"{name} does not run", file=sys.stderr)
        return 1
    state.request_down(name)
    deadline = time.monotonic() + _DOWN_WITHIN_S
    while state.is_running():
        rows = [row for row in state.rows() if row.application == name]
        if all(row.phase in _STOPPED for row in rows):
            break
        if time.monotonic() > deadline:
            print(f"{name} does not stop", file=sys.stderr)
            return 1
        time.sleep(0.1)
    before = f" ({', '.join(finished)} had finished before)" if finished else ""
    print(f"{name} is stopped{before}; {kept}")
    return 0
