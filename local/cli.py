"""The command line of `python -m local`."""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from .color_service import ROOT, ColorService
from .console import Console
from .model_folder import NoModel, check_model
from .ports import PortInUse, check_free
from .supervisor import Supervisor

DESCRIPTION = """\
Run the whole service on this machine: the model server, and the color client in front of it.

A program that dies is started again, after pauses that grow from 1 to 30 s. Ctrl-C stops all;
pressed again, at once. Settings of the color client (TIMEOUT_S, MAX_UPLOAD_MB, ...) are taken from
the environment; see python -m color_client --help."""

EPILOG = """\
example:
  python -m local up
  curl -F content_image=@samples/gray/astronaut.jpg localhost:3333/predict -o color.png

exit codes: 0 stopped as asked, 1 not ready in time, 2 could not be started as asked"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is no port: a whole number from 1 to 65535")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 0 to 86400")
    return value


def build_parser() -> argparse.ArgumentParser:
    """The parser of `python -m local`."""
    parser = _Parser(prog="python -m local", description="Run the service on one machine.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    up = commands.add_parser(
        "up",
        help="start the model server and the color client, and keep them running",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    up.add_argument(
        "--port",
        type=_port,
        default=3333,
        metavar="PORT",
        help="port of the color client, for curl and the browser (default: 3333)",
    )
    up.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="address the color client listens on; 0.0.0.0 lets other machines in, and anybody "
        "there may then use it (default: 127.0.0.1, this machine only)",
    )
    up.add_argument(
        "--model-port",
        type=_port,
        default=8501,
        metavar="PORT",
        help="port of the model server, on this machine only (default: 8501)",
    )
    up.add_argument(
        "--model",
        type=Path,
        default=ROOT / "models" / "color" / "v1",
        metavar="FOLDER",
        help="folder with the model's versions: N/saved_model.pb, N an integer "
        "(default: models/color/v1 of this checkout)",
    )
    up.add_argument(
        "--ready-within",
        type=_seconds,
        default=120.0,
        metavar="SECONDS",
        help="give up if the service does not answer by then (default: 120)",
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    service = ColorService(
        model=options.model.absolute(),
        host=options.host,
        port=options.port,
        model_port=options.model_port,
    )
    try:
        _check(service)
    except _CannotStart as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    return _up(service, options.ready_within)


class _CannotStart(Exception):
    """Something outside must change first; one line that says what."""


def _check(service: ColorService) -> None:
    try:
        check_model(service.model)
    except NoModel as error:
        raise _CannotStart(error) from None
    if service.port == service.model_port:
        raise _CannotStart(f"--port and --model-port are both {service.port}; change one")
    for option, host, port in (
        ("--port", service.host, service.port),
        ("--model-port", "127.0.0.1", service.model_port),
    ):
        try:
            check_free(host, port)
        except PortInUse as holder:
            raise _CannotStart(
                f"port {port} is in use ({holder}); stop that, or choose another with {option}"
            ) from None
        except OSError as error:
            raise _CannotStart(
                f"cannot listen on {host!r} ({error.strerror}); change --host"
            ) from None


def _up(service: ColorService, ready_within_s: float) -> int:
    programs = service.programs
    console = Console(sys.stdout, [program.name for program in programs])
    supervisor = Supervisor(programs, console, ready_within_s=ready_within_s)
    # A closed terminal (SIGHUP) is a wish to stop, too.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: supervisor.stop())

    return supervisor.run(lambda: console.show(service.invitation))
