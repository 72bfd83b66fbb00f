"""The command `feedback`: the votes of an Application, reported by the clients' own program."""

import argparse
import os
from collections.abc import Sequence

from ..errors import CannotStart
from ..promotion.evidence import run_report
from ..running.feedback import DATABASE
from ..running.state import Row
from .inspect import rows_of


def feedback(options: argparse.Namespace) -> int:
    """Print the report of an Application that is running, or was; returns the
    program's exit code.
    """
    database = database_of(rows_of(options), options.application)
    return run_report(database, options.format).returncode


def database_of(rows: Sequence[Row], application: str) -> str:
    """Where the clients of an Application keep what people chose. Raises CannotStart.

    Where `up` had it of its environment, so have we: it may hold a password, and is in no file.
    """
    clients = [row for row in rows if row.module]
    every = dict.fromkeys(row.feedback_db or os.environ.get(DATABASE, "") for row in clients)
    found = [each for each in every if each.lower() not in ("", "off")]
    if not found:
        raise CannotStart(
            f"no client of {application} keeps what people choose, as far as is known here; give "
            f"this command the {DATABASE} that `up` was given"
            if clients
            else f"{application} has no client, so nobody is asked to choose"
        )
    if len(found) > 1:
        names = ", ".join(found)
        raise CannotStart(
            f"the clients of {application} keep what people choose in several places: "
            f"python -m color_client feedback --db with one of {names}"
        )
    return found[0]
