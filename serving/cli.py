"""The command line: TensorFlow Serving's flags by their own names, and a few more."""

import argparse
import os
import re
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from serving import processor
from serving.flags import OUT_OF_SCOPE, drop_ignored_flags, number, switch, unknown_flag
from serving.model_config import ConfigError, ModelConfig, read_config_file

DESCRIPTION = """\
Serve a SavedModel through TensorFlow Serving's REST API: predict, status, metadata, versions.

The base path holds one folder per version, named by an integer (1, 2, ...). The highest version is
served; a new one takes over when it is loaded and warmed up. The port opens when a first version is
available."""

EPILOG = """\
example:
  python -m serving --rest_api_port 8501 --model_name my-model --model_base_path models/color/v1
  curl -d '{"instances": [[[[50.0]]]]}' http://localhost:8501/v1/models/my-model:predict

Metrics for Prometheus are at /monitoring/prometheus/metrics."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"python -m serving: {message}; see python -m serving --help\n")


def _model_name(text: str) -> str:
    if not re.fullmatch(r"[^/:]+", text):
        raise argparse.ArgumentTypeError(f"{text!r} is empty or holds a slash or a colon")
    return text


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def build_parser() -> argparse.ArgumentParser:
    """The parser of `python -m serving`."""
    parser = _Parser(
        prog="python -m serving",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )

    def add(flag: str, *, metavar: str, help: str, **options: object) -> None:
        default = options.pop("shown_default", options.get("default"))
        shown = "" if options.get("required") else f" (default: {default})"
        parser.add_argument(flag, metavar=metavar, help=help + shown, **options)  # type: ignore[arg-type]

    def add_switch(flag: str, *, help: str) -> None:
        how = {"type": switch, "nargs": "?", "const": True, "default": False}
        add(flag, metavar="BOOL", help=help, **how)

    add(
        "--model_base_path",
        metavar="DIR",
        type=Path,
        shown_default="none",
        help="folder that holds the versions; the server waits for a missing one",
    )
    add(
        "--model_config_file",
        metavar="FILE",
        type=Path,
        shown_default="none",
        help="file for several models, with version policies and labels: a ModelServerConfig in "
        "text format. Replaces --model_name and --model_base_path",
    )
    add(
        "--model_config_file_poll_wait_seconds",
        metavar="S",
        type=number(float, 0, 24 * 3600),
        default=0,
        help="how often to read that file again, in seconds; 0 is never",
    )
    add_switch(
        "--allow_version_labels_for_unavailable_models",
        help="allow labels for versions that are not in service yet",
    )
    add(
        "--model_name",
        metavar="NAME",
        type=_model_name,
        default="default",
        help="name of the model in URLs",
    )
    add(
        "--rest_api_port",
        metavar="PORT",
        type=number(int, 1, 65535),
        default=8501,
        help="port to listen on",
    )
    add(
        "--rest_api_host",
        metavar="HOST",
        default="127.0.0.1",
        help="address to listen on; 0.0.0.0 is all networks of this machine",
    )
    add(
        "--rest_api_timeout_in_ms",
        metavar="MS",
        type=number(int, 1, 24 * 3600 * 1000),
        default=30000,
        help="a predict request that takes longer is answered 504",
    )
    add_switch(
        "--rest_api_enable_cors_support", help="allow web pages of any origin to call the server"
    )
    add(
        "--tensorflow_intra_op_parallelism",
        metavar="N",
        type=number(int, 0, 1000),
        default=0,
        help="threads within one op; 0 is TensorFlow's own choice",
    )
    add(
        "--tensorflow_inter_op_parallelism",
        metavar="N",
        type=number(int, 0, 1000),
        default=0,
        help="threads for independent ops; 0 is TensorFlow's own choice",
    )
    add(
        "--mixed_precision",
        metavar="auto|off",
        choices=["auto", "off"],
        default="auto",
        help="auto: compute in bfloat16, where the processor supports it, it is faster, and the "
        "outputs of the model's warm-up record change by no more than 0.25 %% of their range",
    )
    add(
        "--file_system_poll_wait_seconds",
        metavar="S",
        type=number(float, 0, 24 * 3600),
        default=1,
        help="how often to look for new and deleted versions, in seconds; 0 is only at the start",
    )
    add(
        "--max_num_load_retries",
        metavar="N",
        type=number(int, 0, 1000),
        default=5,
        help="how often to retry a version that does not load, while its files do not change",
    )
    add(
        "--load_retry_interval_micros",
        metavar="US",
        type=number(int, 0, 24 * 3600 * 10**6),
        default=60 * 10**6,
        help="microseconds between these tries",
    )
    add(
        "--max_requests_in_progress",
        metavar="N",
        type=number(int, 1, 1000),
        default=64,
        help="most predict requests being received, waiting or running; further ones get 429",
    )
    add(
        "--max_mb_in_memory",
        metavar="MB",
        type=number(int, 1, 10**6),
        default=256,
        help="most MB of their bodies in memory; further ones get 429",
    )
    add(
        "--max_parallel_runs",
        metavar="N",
        type=number(int, 1, 1000),
        default=_cores(),
        shown_default="one for each core",
        help="most concurrent runs of the network",
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and serve until asked to stop; 2 for a wrong command line."""
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: sys.exit(0))
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    parser = build_parser()
    for argument in arguments:
        flag = argument.partition("=")[0].removeprefix("--")
        if argument.startswith("--") and flag in OUT_OF_SCOPE:
            parser.error(f"--{flag} is out of scope: {OUT_OF_SCOPE[flag]}")
    arguments, warnings = drop_ignored_flags(arguments)
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        parser.error(unknown_flag(unknown[0], parser._option_string_actions))
    for warning in warnings:
        print(f"python -m serving: {warning}", file=sys.stderr)
    try:
        configs = _configs(options)
    except ConfigError as error:
        parser.error(str(error))

    from serving.server import PortError, ServerOptions, configure_logging, serve

    configure_logging()
    try:
        serve(
            ServerOptions(
                host=options.rest_api_host.removeprefix("[").removesuffix("]"),
                port=options.rest_api_port,
                configs=configs,
                config_file=options.model_config_file,
                config_poll_seconds=options.model_config_file_poll_wait_seconds,
                any_label=options.allow_version_labels_for_unavailable_models,
                cors=options.rest_api_enable_cors_support,
                intra_op_threads=options.tensorflow_intra_op_parallelism,
                inter_op_threads=options.tensorflow_inter_op_parallelism,
                bfloat16=options.mixed_precision == "auto" and processor.has_bfloat16(),
                poll_seconds=options.file_system_poll_wait_seconds,
                timeout_seconds=options.rest_api_timeout_in_ms / 1000,
                max_requests_in_progress=options.max_requests_in_progress,
                max_bytes_in_memory=options.max_mb_in_memory * 2**20,
                parallelism=options.max_parallel_runs,
                max_load_retries=options.max_num_load_retries,
                retry_seconds=options.load_retry_interval_micros / 1e6,
            )
        )
    except PortError as error:
        print(f"python -m serving: {error}", file=sys.stderr)
        return 1
    return 0


def _configs(options: argparse.Namespace) -> dict[str, ModelConfig]:
    """The models to serve, by name. Raises ConfigError."""
    if options.model_config_file:
        options.model_config_file = options.model_config_file.absolute()
        return read_config_file(options.model_config_file)
    if not options.model_base_path:
        raise ConfigError("name a model: --model_base_path, or --model_config_file for several")
    one = ModelConfig(options.model_name, options.model_base_path.absolute())
    return {one.name: one}
