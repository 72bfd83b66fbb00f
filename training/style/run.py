"""What `python -m training style` does, step by step."""

import argparse
import dataclasses
import hashlib
import shutil
from pathlib import Path

import keras
from PIL import Image

from training.loop import backend
from training.loop.checkpoints import Checkpoints
from training.loop.watch import ProgressWatch
from training.photos import data_cache, download, sources
from training.program.errors import UsageError
from training.program.flags import recipe_changes
from training.program.progress import Progress
from training.program.stop import stop_request
from training.publishing.handover import publish_with_tensorflow
from training.publishing.publish import open_run, publish, reserve_version
from training.publishing.report import print_already_published, print_published, print_stopped
from training.publishing.version_folder import VersionFolder
from training.publishing.weights import load_weights
from training.style import recipes, style_bank
from training.style.fit import HeldBackPairs, Trainer, train
from training.style.losses import HALF_LAYERS, Perception
from training.style.magenta import start_from_magenta
from training.style.network import stylizer
from training.style.recipe import StyleRecipe
from training.style.vgg import load_vgg

SHEET_PAIRS = 24


def run_training(options: argparse.Namespace) -> int:
    """Train by a recipe and publish a version; the exit code comes back. Raises CommandError."""
    recipe = _recipe(options)
    start = options.weights or options.start_from
    fingerprint = recipe.fingerprint(*options.photos, "--styles", *options.styles, str(start or ""))
    target, published = reserve_version(
        options.export_root, options.version, fingerprint, options.start_over
    )
    if published:
        print_already_published(target)
        return 0
    backend.initialize()
    return _train_and_publish(options, recipe, start, target, fingerprint)


def _recipe(options: argparse.Namespace) -> StyleRecipe:
    try:
        changes = recipe_changes(options, StyleRecipe)
        recipe = dataclasses.replace(recipes.load(options.recipe), **changes)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if not (options.weights or options.start_from or recipe.train_style_network):
        raise UsageError(
            "the style network stays as it starts, so it must start from something: name "
            "--weights or --start-from, or set --train-style-network yes"
        )
    return recipe


def _train_and_publish(
    options: argparse.Namespace,
    recipe: StyleRecipe,
    start: Path | None,
    target: VersionFolder,
    fingerprint: str,
) -> int:
    files = sources.find(download.fetch_all(options.photos, (), options.cache_dir))
    paintings = sources.find(download.fetch_all(options.styles, (), options.cache_dir))
    style_network, transformer = stylizer(recipe)
    if options.weights:
        load_weights(options.weights, style_network, transformer)
    elif options.start_from:
        start_from_magenta(style_network, transformer, options.start_from)
    perception = Perception(load_vgg(options.vgg_weights, HALF_LAYERS[-1]))
    data = data_cache.load(
        files,
        recipe.photo_side,
        options.cache_dir / "photos",
        progress=Progress("reading photos", "photos"),
    ).split(recipe.validation_share, recipe.validation_pairs)
    bank = style_bank.load(
        paintings,
        data.training[: recipe.own_photos],
        style_network,
        perception,
        options.cache_dir / "styles",
        _content_hash(start),
        Progress("studying paintings", "pictures"),
    )
    learned, held_back = bank.paintings(recipe.validation_share)
    print(
        f"version {target.version} by recipe {recipe.name}: {len(data.training):,} photos and "
        f"{len(learned):,} paintings to learn from, {len(held_back):,} paintings held back",
        flush=True,
    )
    trainer = Trainer(style_network, transformer, perception, recipe)
    with stop_request() as stop, open_run(target, fingerprint) as folder:
        state = train(
            trainer,
            data.training,
            data.validation,
            bank,
            checkpoints=Checkpoints(folder),
            journal=folder / "journal",
            watch=ProgressWatch(recipe.batch_size),
            stop=stop.requested,
        )
        if not state.finished:
            print_stopped(f"{state.step * recipe.batch_size:,} pairs", target, folder)
            return stop.exit_code
        stop.release()  # publishing is quick, and whole or not at all
        if keras.backend.backend() == "tensorflow":
            pairs = HeldBackPairs(trainer, data.validation, bank)
            validation_loss = pairs.loss()

            def fill(scratch: Path) -> dict:
                from training.style.export import NetworkPainter, write_saved_model

                painter = NetworkPainter(style_network, transformer)
                model = scratch / str(target.version)
                write_saved_model(model, painter, f"style/v{target.version}")
                shutil.copytree(target.unfinished / "journal", scratch / "journal")
                sheet = Image.fromarray(pairs.sheet(SHEET_PAIRS))
                sheet.save(scratch / "contact-sheet.png")
                return {
                    "recipe": dataclasses.asdict(recipe),
                    "photos": [download.record_name(source) for source in options.photos],
                    "styles": [download.record_name(source) for source in options.styles],
                    "started_from": start.name if start else None,
                    "counts": {
                        "photos": len(data.training),
                        "paintings": len(learned),
                        "held_back_paintings": len(held_back),
                    },
                    "seconds": round(state.seconds),
                    "history": state.history,
                    "validation": {"loss": validation_loss, **pairs.distances},
                }

            publish(target, fingerprint, fill)
            print_published(target, state, "photo, style, painted")
            return 0
    return publish_with_tensorflow(options)


def _content_hash(start: Path | None) -> str:
    """A hash of the first weights."""
    if start is None:
        return ""
    paths = sorted([*start.rglob("*.onnx"), *start.rglob("*.pb")]) if start.is_dir() else [start]
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
