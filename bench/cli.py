"""The command line of `python -m bench`."""

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench import (
    batching_part,
    client_part,
    environment_part,
    gateway_part,
    memory_part,
    networks_part,
    serving_part,
    style_part,
    throughput_part,
)
from bench.command_line import Parser, integer, name_list
from bench.photos import SIZES
from bench.report import CannotMeasure, PartResult, as_json, markdown
from local.model_folder import NoModel, check_model
from serving import processor

ROOT = Path(__file__).resolve().parent.parent
STYLE_MODEL = ROOT / "models" / "style"
CHOICES = (
    *(*SIZES, "style", "gateway", "networks", "serving", "batching", "throughput", "memory"),
    *("environment", "imports"),
)

DESCRIPTION = """\
Measure the service on this machine, in one run; the programs that are compared take turns.

  400x400, 1mp, 12mp  color photos of these sizes: end to end, the same work in one process, the
                      network alone, each stage of the client, the bytes on the wire, and the same
                      the article's way
  style               the same photos in the style of a picture, with both signatures of the model
  gateway             a photo through the gateway, and directly from the model server
  networks            the color networks beside a plain U-Net
  serving             the model server beside the network in process, beside itself with the json
                      module, and beside LitServe
  batching            the color network in process: batches beside single calls
  throughput          photos per second of all that `make up` runs, and of the folder command
  memory              all programs of an A/B test with a canary
  environment         the size of a client's installation; needs the package registry
  imports             the time to import a client

Prints Markdown, and for each goal whether it is met; a missed goal is not an error."""


def build_parser() -> argparse.ArgumentParser:
    """The parser of `python -m bench`."""
    parser = Parser("python -m bench", DESCRIPTION)
    parser.add_argument(
        "--model",
        type=Path,
        default=ROOT / "models" / "color" / "v2",
        metavar="FOLDER",
        help="folder with the model's versions (default: models/color/v2 of this checkout)",
    )
    parser.add_argument(
        "--style-model",
        type=Path,
        default=STYLE_MODEL,
        metavar="FOLDER",
        help="the same for style (default: models/style; without it style is skipped)",
    )
    parser.add_argument(
        "--repeats",
        type=integer(1, 10_000),
        default=20,
        metavar="N",
        help="timed rounds, after two untimed ones; throughput takes a fifth (default: 20)",
    )
    parser.add_argument(
        "--only",
        type=name_list(CHOICES),
        default=list(CHOICES),
        metavar="NAME[,NAME]",
        help="only these of the names above",
    )
    parser.add_argument(
        "--no-peer",
        action="store_true",
        help="skip LitServe, which is installed into .cache the first time (1.6 GB)",
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write all single measurements to this file"
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print. Returns 0 whether goals are met or not, 2 if nothing can be measured."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    try:
        results = _measure(options)
    except (CannotMeasure, NoModel) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    machine = _machine()
    heading = f"Bench: {machine['cpus']} CPUs, {machine['system']}, load {machine['load']:.1f}"
    features = f"The processor has {', '.join(machine['features']) or 'none of AVX2 and later'}."
    print(markdown(heading, [PartResult(notes=[features]), *results.values()]))
    if options.json:
        try:
            options.json.write_text(json.dumps(as_json(machine, results), indent=1))
        except OSError as error:
            print(f"{parser.prog}: {options.json}: {error.strerror}", file=sys.stderr)
            return 2
    return 0


def _measure(options: argparse.Namespace) -> dict[str, PartResult]:
    results = {}
    photo_names = [name for name in SIZES if name in options.only]
    model = options.model.absolute()
    if photo_names or {"gateway", "serving", "batching"} & set(options.only):
        check_model(model)
    if photo_names:
        results["client"] = client_part.measure(model, photo_names, options.repeats, _log)
    if "style" in options.only:
        results["style"] = _measure_style(options, photo_names or list(SIZES))
    if "gateway" in options.only:
        results["gateway"] = gateway_part.measure(model, options.repeats, _log)
    if "networks" in options.only:
        models = sorted(path for path in (ROOT / "models" / "color").iterdir() if path.is_dir())
        results["networks"] = networks_part.measure(models, options.repeats, _log)
    if "serving" in options.only:
        results["serving"] = serving_part.measure(
            model, options.repeats, _log, with_peer=not options.no_peer
        )
    if "batching" in options.only:
        results["batching"] = batching_part.measure(model, options.repeats, _log)
    if "throughput" in options.only:
        results["throughput"] = throughput_part.measure(max(1, options.repeats // 5), _log)
    if "memory" in options.only:
        results["memory"] = memory_part.measure(_log)
    if "environment" in options.only:
        results["environment"] = environment_part.measure_size(_log)
    if "imports" in options.only:
        results["imports"] = environment_part.measure_imports(_log)
    return results


def _measure_style(options: argparse.Namespace, photo_names: Sequence[str]) -> PartResult:
    if options.style_model == STYLE_MODEL and not STYLE_MODEL.exists():
        return PartResult(notes=["Style is not measured: there is no model in models/style."])
    model = options.style_model.absolute()
    check_model(model)
    return style_part.measure(model, photo_names, options.repeats, _log)


def _log(progress: str) -> None:
    print(f"bench: {progress}", file=sys.stderr, flush=True)


def _machine() -> dict[str, Any]:
    return {
        "cpus": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "features": sorted(processor.features()),
        "load": os.getloadavg()[0],
    }
