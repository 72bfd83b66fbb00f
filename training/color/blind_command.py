"""Command line of `python -m training unblind`."""

from pathlib import Path

from training.color.blind import counted, faults_table
from training.program.flags import Parser


def parser() -> Parser:
    """The flags."""
    made = Parser(
        prog="python -m training unblind",
        description="Say which model has which of the faults that were marked in FOLDER/faults.csv,"
        " on the pages that `python -m training evaluate --blind FOLDER` wrote.",
    )
    made.add_argument("folder", type=Path, metavar="FOLDER")
    return made


def main(arguments: list[str]) -> int:
    """Print the table; the exit code comes back. Raises UsageError."""
    print(faults_table(*counted(parser().parse_args(arguments).folder)))
    return 0
