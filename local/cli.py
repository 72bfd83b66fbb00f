"""The command line of `python -m local`."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from .cli_promotion import add_feedback, add_promote
from .commands.argument_types import arguments, gateway, image, port, seconds
from .errors import CannotStart
from .ports import GATEWAY_PORT, MODEL_PORT

DESCRIPTION = """\
Run KubeVela Applications on this machine: the same files as for `vela up -f`, without Kubernetes.

  python -m local up                                  what this checkout ships
  python -m local up --model my-models/v1             the color client with a model of your own
  python -m local up training-serving.yaml            one Application or several

Components start in the order of dependsOn, and after the jobs that write the claims they serve
from. A job that has succeeded is not run again unless it changes. A program that dies is restarted,
after delays that grow from 1 to 30 s. Ctrl-C stops everything; a second Ctrl-C stops it
immediately. If a port is taken, the next free one is used. The clients' settings (TIMEOUT_S,
MAX_UPLOAD_MB, ...) are taken from the environment; see python -m color_client --help.

Where an `up` is running already, it changes what runs to match the files: weights, timeouts and
headers immediately; new model servers run beside the old ones until the traffic has moved. `diff`
shows what would change."""

EPILOG = """\
examples:
  python -m local up deploy/color-model.yaml deploy/color-canary-serving.yaml
  python -m local up training-serving.yaml --args demo-training="--samples 64"

exit codes: 0 stopped by Ctrl-C, all jobs done, or what ran is changed; 1 a component does not
start; 2 `up` itself cannot start as asked"""

RENDERING = """\
Print what `up` would run, and start nothing:

  python -m local render FILE ...                        programs, and Envoy's configuration
  python -m local render FILE ... --format kubernetes    for a current cluster, without addons
  python -m local render FILE ... --format kubernetes --gateway NAME.NAMESPACE
                                                         for one that has a Gateway
  python -m local render FILE ... --format compose       for docker compose

With kubernetes and compose the model server is the official tensorflow/serving, behind Envoy with
the same routes. Render all files that belong together in one call. Ports and --args are used only
for `up`'s own programs."""

STATE = Path(".local")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def build_parser() -> argparse.ArgumentParser:
    """The parser of `python -m local`."""
    parser = _Parser(
        prog="python -m local", description="Run KubeVela Applications on one machine."
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, help: str, **options: object) -> argparse.ArgumentParser:
        command = subparsers.add_parser(
            name,
            help=help,
            description=options.pop("description", help),  # type: ignore[arg-type]
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
            **options,  # type: ignore[arg-type]
        )
        command.add_argument(
            "--state",
            type=Path,
            default=STATE,
            metavar="FOLDER",
            help="folder for claims, logs and the state of what runs (default: .local)",
        )
        return command

    up = add(
        "up", "start Applications, and keep them running", description=DESCRIPTION, epilog=EPILOG
    )
    up.add_argument("files", nargs="*", type=Path, metavar="FILE", help="Applications in YAML")
    up.set_defaults(module="up")
    _add_run_options(up)
    up.add_argument(
        "--model",
        type=Path,
        metavar="FOLDER",
        help="instead of files: the color client with this model, a folder of N/saved_model.pb",
    )
    up.add_argument(
        "--ready-within",
        type=seconds,
        default=120.0,
        metavar="SECONDS",
        help="longest wait for a program to answer after its start (default: 120)",
    )

    diff = add(
        "diff",
        "show what `up` would change",
        description="Show what `up` of these files would change in what runs; exit code 1 if it "
        "would change anything.",
    )
    diff.add_argument("files", nargs="+", type=Path, metavar="FILE")
    diff.set_defaults(module="up")
    _add_run_options(diff)

    ls = add("ls", "list the components that run, or last ran")
    ls.add_argument(
        "--format",
        choices=("table", "json"),
        default="table",
        help="json: a list for programs, one entry for each component (default: table)",
    )
    ls.set_defaults(module="inspect")

    status = add("status", "show one Application")
    status.add_argument("application", metavar="APP")
    status.add_argument("--endpoint", action="store_true", help="only its addresses")
    status.set_defaults(module="inspect")

    logs = add("logs", "print the output of an Application's components")
    logs.add_argument("application", metavar="APP")
    logs.add_argument("component", nargs="?", metavar="COMPONENT")
    logs.add_argument("-f", "--follow", action="store_true", help="keep printing new output")
    logs.set_defaults(module="inspect")

    down = add("down", "stop an Application; its claims stay")
    down.add_argument("application", metavar="APP")
    down.set_defaults(module="inspect")

    add_feedback(add)
    add_promote(add)

    render = add(
        "render", "print what `up` would run, or the same for a cluster", description=RENDERING
    )
    render.add_argument("files", nargs="+", type=Path, metavar="FILE")
    render.add_argument(
        "--format",
        choices=("all", "plan", "envoy", "kubernetes", "compose"),
        default="all",
        help="what `up` runs: all, only the programs, or only the gateway's configuration; or "
        "manifests for kubernetes or compose (default: all)",
    )
    render.add_argument(
        "--gateway",
        type=gateway,
        metavar="NAME[.NAMESPACE]",
        help="for kubernetes: HTTPRoutes for this Gateway of the cluster, and no Envoy of our own "
        "(without a namespace: in the Application's)",
    )
    render.set_defaults(module="files")
    _add_run_options(render)

    validate = add("validate", "report mistakes in Applications; exit code 1 if there are any")
    validate.add_argument("files", nargs="+", type=Path, metavar="FILE")
    validate.set_defaults(module="files")
    _add_image(validate)
    return parser


def _add_image(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--image",
        type=image,
        action="append",
        default=[],
        metavar="NAME=IMAGE",
        help="run the image NAME, of another project, as this project's IMAGE",
    )


def _add_run_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--port",
        type=port,
        default=os.environ.get("PORT") or None,
        metavar="PORT",
        help="first port to try for clients (default: PORT of the environment, the Application's, "
        "or 3333)",
    )
    command.add_argument(
        "--host",
        metavar="ADDRESS",
        help="address that the clients listen on (default: 127.0.0.1, this machine only); with "
        "0.0.0.0, anybody on the network may use them",
    )
    command.add_argument(
        "--gateway-port",
        type=port,
        metavar="PORT",
        help=f"first port to try for the gateway, on this machine only (default: {GATEWAY_PORT})",
    )
    command.add_argument(
        "--model-port",
        type=port,
        metavar="PORT",
        help=f"first port to try for model servers, on this machine only (default: {MODEL_PORT})",
    )
    _add_image(command)
    command.add_argument(
        "--args",
        type=arguments,
        action="append",
        default=[],
        metavar='COMPONENT="ARGUMENT ..."',
        help="add arguments to a training component's command, to try a pipeline quickly",
    )


def main(words: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    options = build_parser().parse_args(words)
    # The command line is checked before the time that the rest takes to import.
    module = importlib.import_module(f".commands.{options.module}", __package__)
    try:
        code: int = getattr(module, options.command)(options)
    except CannotStart as error:
        print(f"python -m local: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return code
