"""The configuration of a training run, from its flags."""

import argparse
import dataclasses
from pathlib import Path

from training.color import recipes
from training.color.recipe import Recipe
from training.photos import download
from training.program.errors import UsageError
from training.program.flags import recipe_changes

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples"
SHIPPED_V1 = ROOT / "models" / "color" / "v1"


@dataclasses.dataclass(frozen=True)
class Configuration:
    """The recipe with the command line's values, and what the run starts from."""

    recipe: Recipe
    sources: list[str]  # of photos
    weights: Path | None

    @property
    def fingerprint(self) -> str:
        """The same for the same configuration."""
        return self.recipe.fingerprint(*self.sources, str(self.weights or ""))


def configuration(options: argparse.Namespace) -> Configuration:
    """The configuration from the flags. Raises UsageError."""
    weights = options.weights
    if options.data:
        recipe, sources = recipes.load(options.recipe or "v1"), options.data
    else:
        if options.recipe:
            raise UsageError(
                f"--recipe {options.recipe} trains from scratch: name photos by --data"
            )
        if not SAMPLES.is_dir():
            raise UsageError(
                "name photos by --data: those that training uses without it are in a checkout of "
                "the project, not in an installed package"
            )
        recipe, sources = recipes.load("finetune"), [str(SAMPLES)]
        weights = weights or SHIPPED_V1
        print(
            f"no --data: training the shipped v1 on, for a few minutes, on the photos in "
            f"{SAMPLES.name}/ (name your own with --data)"
        )
    try:
        recipe = dataclasses.replace(recipe, **recipe_changes(options, Recipe))
    except ValueError as error:
        raise UsageError(str(error)) from error
    if recipe.start_share and not weights:
        raise UsageError("--start-share is of the weights to start from: name them by --weights")
    if options.data_sha256 and len(options.data_sha256) != sum(map(download.is_url, sources)):
        raise UsageError("--data-sha256 needs one value for each URL in --data")
    return Configuration(recipe, sources, weights)
