"""`python -m color_client feedback`: which model do people prefer?"""

import argparse
import re
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NoReturn

from .errors import DatabaseUnavailable, DatabaseUnusable
from .formats import FORMATS
from .report import report
from .settings import OFF, database
from .votes import Votes, missing_file

_AGO = re.compile(r"(\d{1,6})([mhd])")
_SECONDS = {"m": 60, "h": 3_600, "d": 86_400}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see --help\n")


def main(program: str, arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Print the report. Returns 0, 1 where the votes cannot be read, 2 for a bad argument."""
    parser = _parser(f"{program} feedback")
    given = parser.parse_args(arguments)
    text = given.db or environment.get("FEEDBACK_DB", "").strip()
    try:
        url = database(text)
    except ValueError as error:
        parser.error(f"--db {error}")
    if not text or url == OFF:
        parser.error("name the database: --db, or FEEDBACK_DB in the environment")
    try:
        if file := missing_file(url):
            raise DatabaseUnusable(f"there is no {file}")
        votes = Votes(url)
        try:
            rows = votes.read(given.since)
        finally:
            votes.close()
    except (DatabaseUnavailable, DatabaseUnusable) as error:
        print(f"{parser.prog}: cannot read the votes: {error}", file=sys.stderr)
        return 1
    _, write = FORMATS[given.format]
    print(write(report(rows)), end="")
    return 0


def _parser(program: str) -> _Parser:
    parser = _Parser(
        prog=program,
        description="Print which model people prefer, from the votes that POST /feedback stored. "
        "The bounds of a win rate hold however often you look.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--db", metavar="URL", help="as the setting FEEDBACK_DB, which is its default"
    )
    parser.add_argument(
        "--format", choices=tuple(FORMATS), default="text", help="default: %(default)s"
    )
    parser.add_argument(
        "--since",
        type=parse_since,
        default=0.0,
        metavar="WHEN",
        help="only votes since then: 2026-11-30, 2026-11-30T08:00 (UTC), or 90m, 12h, 7d ago",
    )
    return parser


def parse_since(text: str) -> float:
    """The moment that a text names, in seconds since 1970."""
    if ago := _AGO.fullmatch(text):
        return time.time() - int(ago[1]) * _SECONDS[ago[2]]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        wrong = f"{text!r} must be a date such as 2026-11-30, or such as 7d"
        raise argparse.ArgumentTypeError(wrong) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
