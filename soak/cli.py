"""The command line of `python -m soak`."""

import argparse
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.command_line import Parser, integer, name_list
from soak import load_part, shutdown_part, slow_part, uploads_part, upstream_part
from soak.programs import CannotSoak
from soak.report import Part, markdown
from soak.services import models

PARTS = {
    "load": load_part,
    "slow": slow_part,
    "upstream": upstream_part,
    "shutdown": shutdown_part,
}
NAMES = ("uploads", *PARTS)
CLIENTS = ("color", "style")

DESCRIPTION = """\
Test the robustness of the service on this machine, on loopback only, with real model servers and
with the clients as a user starts them.

  uploads   thousands of broken, hostile and odd uploads
  load      ten times as many photos at once as may be in progress
  slow      callers that are slow or disappear
  upstream  a model that is down, slow, flapping or killed
  shutdown  SIGTERM under load

Every part checks memory and logs. Prints a table, and a line for each promise of docs/operations.md
that is broken. Exit codes: 0 all promises held, 1 some did not, 2 it cannot run."""


def build_parser() -> argparse.ArgumentParser:
    """The parser of `python -m soak`."""
    parser = Parser("python -m soak", DESCRIPTION)
    parser.add_argument(
        "--only",
        type=name_list(NAMES),
        default=list(NAMES),
        metavar="NAME[,NAME]",
        help="only these of the names above",
    )
    parser.add_argument(
        "--client", choices=CLIENTS, help="only this client (default: one after the other)"
    )
    parser.add_argument(
        "--uploads",
        type=integer(1, 1_000_000),
        default=2000,
        metavar="N",
        help="hostile uploads for each client (default: 2000)",
    )
    parser.add_argument(
        "--seed",
        type=integer(0, 10**9),
        default=1,
        metavar="N",
        help="random seed of the uploads (default: 1)",
    )
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="FOLDER",
        help="write logs, and the uploads that broke a promise, to this folder (default: a "
        "temporary one, kept only if something was found)",
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak and print. Returns 0 where all held, 1 where something did not, 2 if it cannot run."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    # On SIGTERM, too, stop the servers that were started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # Hundreds of callers are threads of this process, and their times are measured.
    sys.setswitchinterval(0.0005)
    folder = options.keep or Path(tempfile.mkdtemp(prefix="colorway-soak-"))
    folder.mkdir(parents=True, exist_ok=True)
    parts: list[Part] = []
    try:
        _soak(options, folder, parts)
    except CannotSoak as error:
        # The violations so far may be the reason.
        print("".join(f"VIOLATION {line}\n" for part in parts for line in part.violations), end="")
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    print(markdown(parts))
    violations = [line for part in parts for line in part.violations]
    for line in violations:
        print(f"VIOLATION {line}")
    if violations:
        print(f"{len(violations)} violations; logs and uploads are in {folder}", file=sys.stderr)
    return 1 if violations else 0


def _soak(options: argparse.Namespace, folder: Path, found: list[Part]) -> None:
    for client in [options.client] if options.client else CLIENTS:
        with models(client, folder) as servers:
            if "uploads" in options.only:
                tried = uploads_part.soak(
                    client, servers, folder, options.uploads, options.seed, _log
                )
                found.append(tried.part)
            for name, part in PARTS.items():
                if name in options.only:
                    found.append(part.soak(client, servers, folder, _log).part)


def _log(progress: str) -> None:
    print(f"soak: {progress}", file=sys.stderr, flush=True)
