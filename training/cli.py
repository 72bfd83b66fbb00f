"""Command line: `python -m training` trains and publishes, `python -m training evaluate` compares.

Exit codes: 0 published (now or before, by the same configuration), 1 the run failed, 2 it cannot
start as asked, 130 interrupted.
"""

import argparse
import dataclasses
import importlib
import os
import sys
from pathlib import Path

from training import recipes
from training.quiet import start_tensorflow
from training.recipe import Recipe

# Commands with a module of their own, which offers `main(arguments) -> exit code`.
COMMANDS = {"hub": "training.hub_command", "style": "training.style.command"}

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "samples"
SHIPPED_WEIGHTS = ROOT / "models" / "color" / "v1" / "weights.h5"

DESCRIPTION = """\
Train a network that colors black-and-white photographs, and publish it as a SavedModel.

  python -m training --data photos.zip more/ https://example.org/photos.zip
  python -m training evaluate models/color/v1 --data eval.zip

Without --data the shipped v1 is trained on, for a few minutes, on the photos in samples/.
"""


def cache_folder() -> Path:
    """Where downloads and decoded photos are kept unless a flag says otherwise."""
    return Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "colorway"


def _parse_zoom(text: str) -> tuple[float, float]:
    low, high = map(float, text.split(","))
    return low, high


def _parse_dilations(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(",")))


_SPECIAL = {"zoom": _parse_zoom, "dilations": _parse_dilations}


def training_parser() -> argparse.ArgumentParser:
    """The flags of `python -m training`."""
    # No abbreviations: a misspelled flag is refused, never taken for another.
    parser = argparse.ArgumentParser(
        prog="python -m training",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--data",
        nargs="+",
        metavar="SOURCE",
        help="folders (searched recursively), zip files, http(s) or file URLs of zip files",
    )
    parser.add_argument(
        "--data-sha256",
        nargs="+",
        default=[],
        metavar="HEX",
        help="SHA-256 of each URL in --data, in order",
    )
    parser.add_argument(
        "--export-root",
        type=Path,
        default=Path("/model"),
        help="where versions are published (default: %(default)s)",
    )
    parser.add_argument(
        "--version", type=_version, help="a positive integer (default: the next free one)"
    )
    parser.add_argument(
        "--recipe",
        choices=[name for name in recipes.names() if name != "finetune"],
        help="what to train from scratch with --data (default: v1)",
    )
    parser.add_argument(
        "--weights", type=Path, help="start from these weights (vN/weights.h5) instead of scratch"
    )
    parser.add_argument(
        "--cache-dir",
        type=Path,
        default=cache_folder(),
        help="where downloads and decoded photos are kept (default: %(default)s)",
    )
    values = parser.add_argument_group("values of the recipe, each of which can be set here")
    for field in dataclasses.fields(Recipe):
        if field.name != "name":
            kind = _SPECIAL.get(field.name, field.type)
            metavar = field.type.__name__ if isinstance(field.type, type) else "N,N"
            values.add_argument(
                f"--{field.name.replace('_', '-')}", dest=f"set_{field.name}", type=kind,
                metavar=metavar.upper(),
            )  # fmt: skip
    return parser


def evaluation_parser() -> argparse.ArgumentParser:
    """The flags of `python -m training evaluate`."""
    parser = argparse.ArgumentParser(
        prog="python -m training evaluate",
        description="Compare published models and the baselines on photos, as a Markdown table.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "models", nargs="+", type=Path, metavar="MODEL_FOLDER", help="e.g. models/color/v1"
    )
    parser.add_argument("--data", nargs="+", required=True, metavar="SOURCE")
    parser.add_argument(
        "--side", type=int, default=256, help="photos are cut to squares of it (default: 256)"
    )
    parser.add_argument("--sheet", type=Path, help="write a contact sheet to this PNG")
    parser.add_argument(
        "--sheet-photos", type=int, default=24, help="photos on the sheet (default: 24)"
    )
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    return parser


def _version(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive integer")
    return int(text)


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments and arguments[0] in COMMANDS:
        return importlib.import_module(COMMANDS[arguments[0]]).main(arguments[1:])
    evaluating = arguments[:1] == ["evaluate"]
    # The flags are checked before the seconds that TensorFlow takes to import.
    parser = evaluation_parser() if evaluating else training_parser()
    options = parser.parse_args(arguments[1:] if evaluating else arguments)
    try:
        start_tensorflow()
        from training import commands

        run = commands.run_evaluation if evaluating else commands.run_training
        return run(options)
    except KeyboardInterrupt:
        print("\ninterrupted: nothing was published", file=sys.stderr)
        return 130
