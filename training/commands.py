"""What the two commands do, step by step."""

import argparse
import contextlib
import dataclasses
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from training import cli, data_cache, download, photos, publish, recipes
from training.contact_sheet import write_contact_sheet
from training.evaluate import Evaluation, ModelError, compare, load_colorer, markdown_table
from training.files import write_then_rename
from training.fit import train
from training.network import STRIDE, all_convolution
from training.progress import Progress, duration
from training.recipe import Recipe
from training.weights import WeightsError, load_weights, save_weights

SHEET_PHOTOS = 24


class UsageError(Exception):
    """The command cannot be run as asked; the message says why, in one line."""


def _fail(error: Exception, code: int) -> int:
    print(f"python -m training: {error}", file=sys.stderr)
    return code


def run_training(options: argparse.Namespace) -> int:
    """Train by a recipe and publish a version; the exit code comes back."""
    try:
        recipe, sources, weights = _plan(options)
        fingerprint = recipe.fingerprint(*sources, str(weights or ""))
        place, published = publish.claim(options.export_root, options.version, fingerprint)
        if published:
            print(f"version {place.version} is already published in {place.served}: nothing to do")
            return 0
        files = photos.find(_fetch(sources, options.data_sha256, options.cache_dir))
        network = all_convolution(recipe.width, recipe.dilations, recipe.seed)
        if weights:
            load_weights(weights, network)
        progress = Progress("reading photos", "photos")
        cache = data_cache.load(
            files, recipe.photo_side, options.cache_dir / "photos", progress=progress
        )
        data = cache.parts(recipe.validation_share, recipe.validation_photos)
    except (UsageError, publish.PublishError, photos.DataError, WeightsError) as error:
        return _fail(error, 2)

    print(
        f"version {place.version} by recipe {recipe.name}: {len(data.training):,} photos to learn "
        f"from, {len(data.validation):,} for validation; left out: {cache.unreadable:,} "
        f"unreadable, {cache.near_gray:,} without color, {cache.copies:,} copies"
    )
    start = time.monotonic()
    history = _train(network, data, recipe)
    seconds = time.monotonic() - start

    def fill(folder: Path) -> dict:
        from training.export import write_saved_model

        model = folder / str(place.version)
        write_saved_model(model, network, f"color/v{place.version}", recipe.chroma_gain)
        save_weights(folder / "weights.h5", network)
        evaluations = compare({f"v{place.version}": load_colorer(model)}, list(data.validation))
        print(f"\nOn the {len(data.validation):,} validation photos:\n")
        print(markdown_table(evaluations))
        _write_sheet(folder / "contact-sheet.png", evaluations, SHEET_PHOTOS)
        return {
            "recipe": dataclasses.asdict(recipe),
            # Names, not places: the record travels with the model.
            "data": [s if download.is_url(s) else Path(s).name for s in sources],
            "started_from": "/".join(weights.parts[-2:]) if weights else None,
            "photos": {
                "training": len(data.training),
                "validation": len(data.validation),
                "unreadable": cache.unreadable,
                "near_gray": cache.near_gray,
                "copies": cache.copies,
            },
            "seconds": round(seconds),
            "history": history,
            "validation": {e.name: e.summary() for e in evaluations},
        }

    try:
        served = publish.publish(place, fingerprint, fill)
    except publish.PublishError as error:
        return _fail(error, 1)
    print(
        f"\npublished version {place.version} in {served} after {duration(seconds)} of training\n"
        f"look at {place.folder / 'contact-sheet.png'} (gray, predicted, truth), and serve it:\n"
        f"  python -m serving --model_name my-model --model_base_path {place.folder}"
    )
    return 0


def _plan(options: argparse.Namespace) -> tuple[Recipe, list[str], Path | None]:
    """The recipe with the command line's values, the data's sources, the weights to start from."""
    weights = options.weights
    if options.data:
        recipe, sources = recipes.load(options.recipe or "v1"), options.data
    else:
        if options.recipe:
            raise UsageError(
                f"--recipe {options.recipe} trains from scratch: name photos by --data"
            )
        recipe, sources = recipes.load("finetune"), [str(cli.SAMPLES)]
        weights = weights or cli.SHIPPED_WEIGHTS
        print(
            f"no --data: training the shipped v1 on, for a few minutes, on the photos in "
            f"{cli.SAMPLES.name}/ (name your own with --data)"
        )
    changes = {
        field.name: getattr(options, f"set_{field.name}")
        for field in dataclasses.fields(Recipe)
        if getattr(options, f"set_{field.name}", None) is not None
    }
    try:
        recipe = dataclasses.replace(recipe, **changes)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if options.data_sha256 and len(options.data_sha256) != sum(map(download.is_url, sources)):
        raise UsageError("--data-sha256 needs one value for each URL in --data")
    return recipe, sources, weights


def _fetch(sources: Sequence[str], sha256: Sequence[str], cache: Path) -> list[Path]:
    """Local paths of `sources`, URLs downloaded."""
    sums = iter(sha256)
    return [
        download.fetch(
            source, cache / "downloads", next(sums, None), Progress(f"download {source}", "bytes")
        )
        if download.is_url(source)
        else Path(source)
        for source in sources
    ]


def _train(network: keras.Model, data: data_cache.Parts, recipe: Recipe) -> list[dict]:
    """Train with a progress line; what each epoch gave comes back."""
    progress = Progress("training", "samples")
    history: list[dict] = []

    def on_step(step: int, steps: int, loss: float) -> None:
        batch = recipe.batch_size
        progress(step * batch, steps * batch, f"loss {loss:.5f}")

    def on_epoch(epoch: int, loss: float, validation: float, best: bool) -> None:
        history.append({"epoch": epoch, "loss": loss, "validation_loss": validation})
        progress.line(
            f"epoch {epoch}: loss {loss:.5f}, validation {validation:.5f}"
            + (", the best so far" if best else "")
        )

    train(network, data.training, data.validation, recipe, on_step, on_epoch)
    return history


def _write_sheet(path: Path, evaluations: Sequence[Evaluation], count: int) -> None:
    """gray · models · truth, of photos spread evenly over all."""
    photo_count = len(evaluations[0].pictures)
    shown = np.linspace(0, photo_count - 1, min(count, photo_count)).astype(int)
    columns = {
        evaluation.name: [evaluation.pictures[i] for i in shown]
        for evaluation in evaluations
        if not evaluation.name.startswith(("constant", "half"))
    }
    write_contact_sheet(path, columns)


def run_evaluation(options: argparse.Namespace) -> int:
    """Print the table, and write what else was asked for; the exit code comes back."""
    try:
        if options.side < STRIDE:
            raise UsageError(f"--side must be at least {STRIDE}")
        models = {_model_name(folder): load_colorer(folder) for folder in options.models}
        files = photos.find(_fetch(options.data, (), cli.cache_folder()))
        pictures, unreadable = _read_all(files, options.side)
    except (UsageError, ModelError, photos.DataError) as error:
        return _fail(error, 2)
    evaluations = compare(models, pictures)
    print(f"{len(pictures):,} photos at {options.side}x{options.side}, {unreadable:,} unreadable\n")
    print(markdown_table(evaluations))
    if options.sheet:
        _write_sheet(options.sheet, evaluations, options.sheet_photos)
    if options.json:
        figures = {e.name: e.summary() for e in evaluations}
        with write_then_rename(options.json) as scratch:
            scratch.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


def _model_name(folder: Path) -> str:
    """`color/v1` of `models/color/v1`, also when its `1/` is named."""
    parts = [part for part in folder.resolve().parts if not part.isdigit()]
    return "/".join(parts[-2:])


def _read_all(files: Sequence[photos.PhotoFile], side: int) -> tuple[list[NDArray[np.uint8]], int]:
    """Every readable photo as a square, and how many could not be read."""
    pictures = []
    for file in files:
        # Whatever a decoder raises for broken data means the same: it is counted.
        with contextlib.suppress(Exception):
            pictures.append(photos.decode(file.read(), side))
    if not pictures:
        raise photos.DataError(f"none of {len(files)} picture files can be read")
    return pictures, len(files) - len(pictures)
