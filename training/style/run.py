"""What `python -m training style` does, step by step."""

import argparse
import dataclasses
import hashlib
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training import data_cache, photos, publish, sources
from training.checkpoints import Checkpoints
from training.contact_sheet import write_contact_sheet
from training.journal import Journal
from training.progress import Progress, duration
from training.style import recipes, style_bank
from training.style.fit import Trainer, Watch, train, validate
from training.style.losses import HALF_LAYERS, Perception
from training.style.magenta import TeacherError, start_from_magenta
from training.style.network import stylizer
from training.style.pairs import validation_pairs
from training.style.recipe import StyleRecipe
from training.style.style_bank import StyleBank
from training.style.vgg import VggError, load_vgg
from training.weights import WeightsError, load_weights, save_weights

SHEET_PAIRS = 24
RESUMABLE = {"samples", "samples_per_epoch", "samples_per_checkpoint"}  # may change on the way


class UsageError(Exception):
    """The command cannot be run as asked; the message says why, in one line."""


def run_training(options: argparse.Namespace) -> int:
    """Train by a recipe and publish a version; the exit code comes back."""
    try:
        recipe = _recipe(options)
        start = options.weights or options.start_from
        fingerprint = recipe.fingerprint(
            *options.photos, "--styles", *options.styles, str(start or "")
        )
        place, published = publish.claim(options.export_root, options.version, fingerprint)
        if published:
            print(f"version {place.version} is already published in {place.served}: nothing to do")
            return 0
        files = photos.find(sources.fetch(options.photos, options.cache_dir))
        paintings = photos.find(sources.fetch(options.styles, options.cache_dir))
        style_network, transformer, whole = stylizer(recipe)
        if options.weights:
            load_weights(options.weights, whole)
        elif options.start_from:
            start_from_magenta(style_network, transformer, options.start_from)
        perception = Perception(load_vgg(options.vgg_weights, HALF_LAYERS[-1]))
        data = data_cache.load(
            files,
            recipe.photo_side,
            options.cache_dir / "photos",
            progress=Progress("reading photos", "photos"),
        ).parts(recipe.validation_share, recipe.validation_pairs)
        bank = style_bank.load(
            paintings,
            data.training[: recipe.own_photos],
            style_network,
            perception,
            options.cache_dir / "styles",
            _content_hash(start),
            Progress("studying paintings", "pictures"),
        )
        trainer = Trainer(style_network, transformer, perception, recipe)
        checkpoints = _checkpoints(place, recipe)
    except (
        UsageError,
        publish.PublishError,
        photos.DataError,
        TeacherError,
        VggError,
        WeightsError,
    ) as error:
        print(f"python -m training style: {error}", file=sys.stderr)
        return 2

    learned, held_back = bank.paintings(recipe.validation_share)
    print(
        f"version {place.version} by recipe {recipe.name}: {len(data.training):,} photos and "
        f"{len(learned):,} paintings to learn from, {len(held_back):,} paintings held back"
    )
    started = time.monotonic()
    with Journal(checkpoints.folder / "journal", _done(checkpoints)) as journal:
        watch = _watch(recipe, journal, data.validation, bank)
        history = train(trainer, data.training, data.validation, bank, checkpoints, watch)
    seconds = time.monotonic() - started
    found, pictures = validate(trainer, data.validation, bank)

    def fill(folder: Path) -> dict:
        from training.style.export import NetworkPainter, write_saved_model

        painter = NetworkPainter(style_network, transformer)
        write_saved_model(folder / str(place.version), painter, f"style/v{place.version}")
        style_network.trainable = True  # all of them are kept
        save_weights(folder / "weights.h5", whole)
        _write_sheet(folder / "contact-sheet.png", data.validation, bank, recipe, pictures)
        return {
            "recipe": dataclasses.asdict(recipe),
            # Names, not places: the record travels with the model.
            "photos": [sources.name(source) for source in options.photos],
            "styles": [sources.name(source) for source in options.styles],
            "started_from": start.name if start else None,
            "counts": {
                "photos": len(data.training),
                "paintings": len(learned),
                "held_back_paintings": len(held_back),
            },
            "seconds_of_the_last_start": round(seconds),
            "history": history,
            "validation": found,
        }

    try:
        served = publish.publish(place, fingerprint, fill)
    except publish.PublishError as error:
        print(f"python -m training style: {error}", file=sys.stderr)
        return 1
    checkpoints.remove()
    print(
        f"\npublished version {place.version} in {served} after {duration(seconds)} of training\n"
        f"look at {place.folder / 'contact-sheet.png'} (photo, style, painted), and serve it:\n"
        f"  python -m serving --model_name my-model --model_base_path {place.folder}"
    )
    return 0


def _recipe(options: argparse.Namespace) -> StyleRecipe:
    changes = {
        field.name: getattr(options, f"set_{field.name}")
        for field in dataclasses.fields(StyleRecipe)
        if getattr(options, f"set_{field.name}", None) is not None
    }
    try:
        recipe = dataclasses.replace(recipes.load(options.recipe), **changes)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if not (options.weights or options.start_from or recipe.train_style_network):
        raise UsageError(
            "the style network stays as it starts, so it must start from something: name "
            "--weights or --start-from, or set --train-style-network true"
        )
    return recipe


def _checkpoints(place: publish.Place, recipe: StyleRecipe) -> Checkpoints:
    """The run's checkpoints. Raises UsageError where those there are of another recipe."""
    checkpoints = Checkpoints(place.root / ".checkpoints" / f"v{place.version}")
    last = checkpoints.latest()
    if last:
        before, now = last.state["recipe"], dataclasses.asdict(recipe)
        now["zoom"] = list(now["zoom"])
        changed = [key for key in now if key not in RESUMABLE and before.get(key) != now[key]]
        if changed:
            raise UsageError(
                f"the checkpoints in {checkpoints.folder} are of a run with another "
                f"{', '.join(changed)}: set the same values, or remove that folder"
            )
        print(f"going on from step {last.step:,}, a checkpoint in {checkpoints.folder}")
    return checkpoints


def _done(checkpoints: Checkpoints) -> int:
    last = checkpoints.latest()
    return last.step if last else 0


def _watch(
    recipe: StyleRecipe, journal: Journal, held_back: NDArray[np.uint8], bank: StyleBank
) -> Watch:
    progress = Progress("training", "pairs")
    note = ""

    def on_step(step: int, steps: int) -> None:
        progress(step * recipe.batch_size, steps * recipe.batch_size, note)

    def on_checkpoint(step: int, values: dict[str, float]) -> None:
        nonlocal note
        note = ", ".join(f"{name} {value:.3f}" for name, value in values.items())
        journal.scalars(step, {f"training/{name}": value for name, value in values.items()})

    def on_epoch(step: int, values: dict[str, float], pictures: NDArray[np.uint8]) -> None:
        journal.scalars(step, {name.replace("_", "/", 1): v for name, v in values.items()})
        contents, rows = validation_pairs(held_back, bank, recipe)
        shown = [np.concatenate(list(part[:8]), axis=1) for part in (contents, pictures)]
        journal.pictures(step, {"photo over painted": np.concatenate(shown)})
        journal.flush()
        told = ", ".join(f"{name} {value:.4f}" for name, value in values.items())
        progress.line(f"{step * recipe.batch_size:,} pairs: {told}")

    return Watch(on_step, on_checkpoint, on_epoch)


def _write_sheet(
    path: Path,
    held_back: NDArray[np.uint8],
    bank: StyleBank,
    recipe: StyleRecipe,
    pictures: NDArray[np.uint8],
) -> None:
    contents, rows = validation_pairs(held_back, bank, recipe)
    count = min(SHEET_PAIRS, len(contents))
    columns = {
        "photo": list(contents[:count]),
        "style": list(bank.rgb[rows[:count]]),
        "painted": list(pictures[:count]),
    }
    write_contact_sheet(path, columns)


def _content_hash(start: Path | None) -> str:
    """What tells one set of first weights from another."""
    if start is None:
        return ""
    paths = sorted(start.rglob("*.onnx")) if start.is_dir() else [start]
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
