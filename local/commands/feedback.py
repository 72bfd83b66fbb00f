"""The command `feedback`: what people chose, as the clients' own program reports it."""

import argparse
import subprocess
from collections.abc import Sequence

from ..promotion.evidence import feedback_command
from ..running.state import Row
from . import CannotStart
from .inspect import rows_of


def feedback(options: argparse.Namespace) -> int:
    """Print the report of an Application that runs, or ran; the exit code is the program's."""
    database = database_of(rows_of(options), options.application)
    return subprocess.run(feedback_command(database, options.format), check=False).returncode


def database_of(rows: Sequence[Row], application: str) -> str:
    """Where the clients of an Application keep what people chose. Raises CannotStart."""
    every = dict.fromkeys(row.feedback_db for row in rows)
    found = [each for each in every if each not in ("", "off")]
    if not found:
        raise CannotStart(f"no client of {application} keeps what people choose")
    if len(found) > 1:
        names = ", ".join(found)
        raise CannotStart(
            f"the clients of {application} keep what people choose in several places: "
            f"python -m color_client feedback --db with one of {names}"
        )
    return found[0]
