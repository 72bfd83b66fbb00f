"""Command line of `python -m training`; TensorFlow is imported once the flags are right."""

import argparse
from pathlib import Path

from training.color import recipes
from training.color.recipe import Recipe
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

DESCRIPTION = """\
Train a network that colors black-and-white photographs, and publish it as a SavedModel.

  python -m training --data photos.zip more/ https://example.org/photos.zip

The same command resumes a run that was killed or stopped.
Without --data, the shipped v1 is fine-tuned on the photos in samples/ for a few minutes.

other commands, each with its own --help:

  python -m training evaluate        compare published color models on photos
  python -m training unblind         count the faults that a person marked in a blind comparison
  python -m training export          write a published version's SavedModel again, by today's code
  python -m training style           train a network that paints in any style, and publish it
  python -m training style evaluate  compare published style models
  python -m training hub             publish Magenta's style model from TensorFlow Hub
"""


def training_parser() -> argparse.ArgumentParser:
    """The flags of `python -m training`."""
    parser = Parser("python -m training", DESCRIPTION)
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
        help="the hyperparameters of a training with --data (default: v1)",
    )
    parser.add_argument(
        "--weights",
        type=Path,
        metavar="MODEL_FOLDER",
        help="start from the weights of this published version (vN) instead of scratch",
    )
    add_cache_flag(parser)
    add_start_over_flag(parser)
    add_recipe_flags(parser, Recipe)
    return parser


def evaluation_parser() -> argparse.ArgumentParser:
    """The flags of `python -m training evaluate`."""
    parser = Parser(
        "python -m training evaluate",
        "Compare published models and the baselines on photos, as Markdown tables.",
    )
    parser.add_argument(
        "models", nargs="+", type=Path, metavar="MODEL_FOLDER", help="e.g. models/color/v1"
    )
    parser.add_argument(
        "--data", nargs="+", required=True, metavar="SOURCE", help="photos, as for training"
    )
    parser.add_argument(
        "--only",
        type=lambda text: text.split(","),
        default=[],
        metavar="PATTERN,...",
        help="only photos whose file names match one of these, such as 'faces-*,people-*'",
    )
    parser.add_argument(
        "--photos",
        type=at_least(1),
        metavar="N",
        help="a random sample of N photos (default: all)",
    )
    parser.add_argument(
        "--side",
        type=at_least(8),
        default=256,
        help="photos are cropped to squares of this side, in pixels (default: 256)",
    )
    vividness = parser.add_mutually_exclusive_group()
    vividness.add_argument(
        "--gains",
        type=_gains,
        metavar="G,G,...",
        help="evaluate each model with its a*b* multiplied by each of these (default: 1)",
    )
    vividness.add_argument(
        "--colorfulness",
        type=_colorfulness,
        metavar="C",
        help="compare the models at this mean colorfulness, each with the gain that it needs",
    )
    parser.add_argument(
        "--degrade",
        choices=["none", "box3", "jpeg30", "grain8", "all"],
        default="none",
        help="degrade the L* that the models get: blurred (3x3 box), JPEG (quality 30) or grainy "
        "(sigma 8 of 255); color is measured on the clean photo (default: %(default)s)",
    )
    parser.add_argument(
        "--hints",
        type=_counts,
        metavar="N,N,...",
        help="also evaluate with N hints, of the true color at random places",
    )
    parser.add_argument(
        "--seed", type=at_least(0), default=0, help="random seed (default: %(default)s)"
    )
    parser.add_argument(
        "--skin",
        action="store_true",
        help="the photos are of faces: also print the hue error of skin by steps of the Monk scale",
    )
    parser.add_argument("--sheet", type=Path, help="write a contact sheet to this PNG")
    parser.add_argument(
        "--sheet-photos", type=at_least(1), default=24, help="photos on the sheet (default: 24)"
    )
    parser.add_argument(
        "--blind",
        type=Path,
        metavar="FOLDER",
        help="write pages with each photo by two models, in random order, for a person to mark "
        "faults; `python -m training unblind FOLDER` then counts them by model",
    )
    parser.add_argument(
        "--plot", type=Path, help="plot PSNR and colorfulness over --gains to this PNG"
    )
    parser.add_argument("--json", type=Path, help="write the figures of every photo to this file")
    return parser


def _gains(text: str) -> tuple[float, ...]:
    try:
        gains = tuple(map(float, text.split(",")))
    except ValueError:
        gains = ()
    if not gains or not all(0 <= gain < 10 for gain in gains):
        raise argparse.ArgumentTypeError(f"{text!r} is not numbers such as 0.8,1,1.2")
    return gains


def _colorfulness(text: str) -> float:
    try:
        colorfulness = float(text)
    except ValueError:
        colorfulness = 0.0
    if not 0 < colorfulness < 200:
        raise argparse.ArgumentTypeError(f"{text!r} is not a colorfulness such as 28")
    return colorfulness


def _counts(text: str) -> tuple[int, ...]:
    counts = tuple(int(each) if each.isdecimal() else 0 for each in text.split(","))
    if not all(0 < count <= 1000 for count in counts):
        raise argparse.ArgumentTypeError(f"{text!r} is not numbers of hints such as 1,3,10")
    return counts


def main(arguments: list[str]) -> int:
    """Run the command and return the exit code, one of those of `python -m training`."""
    evaluating = arguments[:1] == ["evaluate"]
    parser = evaluation_parser() if evaluating else training_parser()
    options = parser.parse_args(arguments[1:] if evaluating else arguments)
    import_keras()
    options.arguments = arguments
    with hold_standard_error():  # TensorFlow is imported here
        if evaluating:
            from training.color.run_evaluation import run_evaluation as run
        else:
            from training.color.run import run_training as run
    return run(options)
