"""Command line: `python -m training` trains and publishes, `python -m training evaluate` compares.

Exit codes: 0 published (now or before, by the same configuration), 1 the run failed, 2 it cannot
start as asked, 130 and 143 stopped by Ctrl-C and SIGTERM; the same command goes on then.
"""

import argparse
import dataclasses
import difflib
import importlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, get_origin

from training import recipes
from training.quiet import held_standard_error
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

A run that was killed or stopped goes on when the same command is given again.
Without --data the shipped v1 is trained on, for a few minutes, on the photos in samples/.
"""


def cache_folder() -> Path:
    """Where downloads and decoded photos are kept unless a flag says otherwise."""
    return Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "colorway"


def _parse_pair(text: str) -> tuple[float, float]:
    low, high = map(float, text.split(","))
    return low, high


def _parse_floats(text: str) -> tuple[float, ...]:
    return tuple(map(float, text.split(",")))


def _parse_ints(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(","))) if text else ()


def _parse_texts(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()


def _parse_yes(text: str) -> bool:
    if text not in ("yes", "no"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither yes nor no")
    return text == "yes"


# How a recipe's value is read from the command line, by its type.
_PARSERS: dict[object, Callable[[str], object]] = {
    int: int,
    float: float,
    str: str,
    tuple[float, float]: _parse_pair,
    tuple[float, ...]: _parse_floats,
    tuple[int, ...]: _parse_ints,
    tuple[str, ...]: _parse_texts,
    bool: _parse_yes,
}


class Parser(argparse.ArgumentParser):
    """Refuses a flag that it does not know in one line, with the one that was meant.

    Nothing is abbreviated: a misspelled flag is never taken for another.
    """

    def __init__(self, **options: Any):
        super().__init__(**options, allow_abbrev=False)

    def parse_args(self, args=None, namespace=None):  # type: ignore[no-untyped-def]
        """As ever, but for the message."""
        options, unknown = self.parse_known_args(args, namespace)
        if unknown:
            flag = unknown[0].partition("=")[0]
            near = difflib.get_close_matches(flag, self._option_string_actions, n=1)
            meant = f": did you mean {near[0]}?" if near else ""
            self.exit(2, f"{self.prog}: unknown argument {flag}{meant} (--help lists them all)\n")
        return options

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, without the whole usage."""
        self.exit(2, f"{self.prog}: {message} (--help lists them all)\n")


def training_parser() -> argparse.ArgumentParser:
    """The flags of `python -m training`."""
    parser = Parser(
        prog="python -m training",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
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
    add_place_flags(parser)
    parser.add_argument(
        "--recipe",
        choices=[name for name in recipes.names() if name != "finetune"],
        help="what to train from scratch with --data (default: v1)",
    )
    parser.add_argument(
        "--weights", type=Path, help="start from these weights (vN/weights.h5) instead of scratch"
    )
    add_cache_flag(parser)
    add_start_over_flag(parser)
    add_recipe_flags(parser, Recipe)
    return parser


def add_cache_flag(parser: argparse.ArgumentParser) -> None:
    """Add what says where pictures are kept between runs."""
    parser.add_argument(
        "--cache-dir",
        type=Path,
        default=cache_folder(),
        help="where downloads and decoded pictures are kept (default: %(default)s)",
    )


def add_start_over_flag(parser: argparse.ArgumentParser) -> None:
    """Add what drops an unfinished run."""
    parser.add_argument(
        "--start-over",
        action="store_true",
        help="drop the checkpoints of an unfinished run with this version's number",
    )


def add_place_flags(parser: argparse.ArgumentParser) -> None:
    """Add what says where a version is published."""
    parser.add_argument(
        "--export-root",
        type=Path,
        default=Path("/model"),
        help="where versions are published (default: %(default)s)",
    )
    parser.add_argument(
        "--version", type=_version, help="a positive integer (default: the next free one)"
    )


def add_recipe_flags(parser: argparse.ArgumentParser, recipe: type) -> None:
    """Add a flag for every field but `name` of the dataclass `recipe`; None where not given."""
    values = parser.add_argument_group("values of the recipe, each of which can be set here")
    for field in dataclasses.fields(recipe):
        if field.name != "name":
            kind = _PARSERS[field.type]
            metavar = getattr(field.type, "__name__", "").replace("bool", "yes|no")
            if get_origin(field.type):
                metavar = "NAME=N,NAME=N" if field.type == tuple[str, ...] else "N,N"
            values.add_argument(
                f"--{field.name.replace('_', '-')}", dest=f"set_{field.name}", type=kind,
                metavar=metavar.upper(),
            )  # fmt: skip


def recipe_changes(options: argparse.Namespace, recipe: type) -> dict[str, Any]:
    """The values that were given by the flags of `add_recipe_flags`."""
    given = {
        field.name: getattr(options, f"set_{field.name}", None)
        for field in dataclasses.fields(recipe)
    }
    return {name: value for name, value in given.items() if value is not None}


def evaluation_parser() -> argparse.ArgumentParser:
    """The flags of `python -m training evaluate`."""
    parser = Parser(
        prog="python -m training evaluate",
        description="Compare published models and the baselines on photos, as Markdown tables.",
    )
    parser.add_argument(
        "models", nargs="+", type=Path, metavar="MODEL_FOLDER", help="e.g. models/color/v1"
    )
    parser.add_argument("--data", nargs="+", required=True, metavar="SOURCE")
    parser.add_argument(
        "--side", type=int, default=256, help="photos are cut to squares of it (default: 256)"
    )
    parser.add_argument(
        "--gains",
        type=_gains,
        metavar="G,G,...",
        help="try the models with their a*b* times each of these (default: 1)",
    )
    parser.add_argument(
        "--degrade",
        choices=["none", "box3", "jpeg30", "grain8", "all"],
        default="none",
        help="give the models a blurred (3x3 box), JPEG (quality 30) or grainy (sigma 8 of 255) "
        "L*; color is judged on the clean photo (default: %(default)s)",
    )
    parser.add_argument("--sheet", type=Path, help="write a contact sheet to this PNG")
    parser.add_argument(
        "--sheet-photos", type=int, default=24, help="photos on the sheet (default: 24)"
    )
    parser.add_argument(
        "--plot", type=Path, help="draw PSNR and colorfulness over --gains into this PNG"
    )
    parser.add_argument("--json", type=Path, help="write every figure of every photo to this file")
    return parser


def _gains(text: str) -> tuple[float, ...]:
    try:
        gains = tuple(map(float, text.split(",")))
    except ValueError:
        gains = ()
    if not gains or not all(0 <= gain < 10 for gain in gains):
        raise argparse.ArgumentTypeError(f"{text!r} is not numbers such as 0.8,1,1.2")
    return gains


def _version(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive integer")
    return int(text)


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    if os.getpid() == 1:
        # A container's first process: the kernel spares it a signal that it has no handler for.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    arguments = sys.argv[1:] if argv is None else argv
    if arguments and arguments[0] in COMMANDS:
        return importlib.import_module(COMMANDS[arguments[0]]).main(arguments[1:])
    evaluating = arguments[:1] == ["evaluate"]
    # The flags are checked before the seconds that TensorFlow takes to import.
    parser = evaluation_parser() if evaluating else training_parser()
    options = parser.parse_args(arguments[1:] if evaluating else arguments)
    options.arguments = arguments
    try:
        with held_standard_error():  # TensorFlow is imported here
            from training import commands, evaluation
        return evaluation.run_evaluation(options) if evaluating else commands.run_training(options)
    except KeyboardInterrupt:
        print("\ninterrupted: nothing was published", file=sys.stderr)
        return 130
