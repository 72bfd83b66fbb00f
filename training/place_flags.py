"""The flags of every command that publishes a version."""

import argparse
from pathlib import Path


def add_place_flags(parser: argparse.ArgumentParser) -> None:
    """Add `--export-root` and `--version`."""
    parser.add_argument(
        "--export-root",
        type=Path,
        default=Path("/model"),
        help="where versions are published (default: %(default)s)",
    )
    parser.add_argument(
        "--version", type=_version, help="a positive integer (default: the next free one)"
    )


def _version(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive integer")
    return int(text)
