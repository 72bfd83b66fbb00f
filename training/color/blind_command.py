"""Command line of `python -m training unblind`."""

from pathlib import Path

from training.color.blind import count_marks, faults_table
from training.program.flags import Parser

DESCRIPTION = """\
Count by model the faults that were marked in FOLDER/faults.csv, on the pages that
`python -m training evaluate --blind FOLDER` wrote."""


def parser() -> Parser:
    """The flags."""
    result = Parser("python -m training unblind", DESCRIPTION)
    result.add_argument("folder", type=Path, metavar="FOLDER", help="with the marked faults.csv")
    return result


def main(arguments: list[str]) -> int:
    """Print the table; returns the exit code. Raises UsageError."""
    print(faults_table(*count_marks(parser().parse_args(arguments).folder)))
    return 0
