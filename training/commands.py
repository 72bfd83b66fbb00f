"""What `python -m training` does, step by step."""

import argparse
import dataclasses
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from training import (
    backend,
    cli,
    data_cache,
    download,
    loop,
    networks,
    photos,
    publish,
    recipes,
)
from training.checkpoints import Checkpoints
from training.encoder import EncoderError
from training.errors import UsageError, fail
from training.fit import train
from training.progress import Progress, duration
from training.recipe import Recipe
from training.stop import StopRequest, stop_request
from training.weights import WeightsError, load_weights, save_weights
from training.workers import WorkerLostError, Workers, WorkersError, join

GO_ON = -1  # no exit code yet


@dataclasses.dataclass(frozen=True)
class Configuration:
    """What is asked for: the recipe with the command line's values, and what it starts from."""

    recipe: Recipe
    sources: list[str]  # of photos
    weights: Path | None

    @property
    def fingerprint(self) -> str:
        """The same for the same configuration."""
        return self.recipe.fingerprint(*self.sources, str(self.weights or ""))


def run_training(options: argparse.Namespace) -> int:
    """Train by a recipe and publish a version; the exit code comes back."""
    try:
        asked = _plan(options)
        workers = join()
        backend.start()
        # Worker 0 alone knows the export root; the others do as it says.
        place, code = _claim(options, asked) if workers.rank == 0 else (None, GO_ON)
        code = _of_worker_0(workers, code)
        if code == GO_ON:
            files = photos.find(fetch(asked.sources, options.data_sha256, options.cache_dir))
            network = _network(asked, workers)
            cache = _read_photos(options, files, asked, workers)
            with stop_request() as stop:
                if place is None:
                    code = _follow(network, cache, asked, workers, stop)
                else:
                    code = _lead(network, cache, asked, workers, stop, place)
        if code == GO_ON:
            code = publish_by_tensorflow(options)
    except (
        UsageError,
        WorkersError,
        photos.DataError,
        WeightsError,
        EncoderError,
        loop.ResumeError,
    ) as error:
        return fail(error, 2)
    except (publish.PublishError, loop.DivergedError, WorkerLostError) as error:
        return fail(error, 1)
    return code


def _plan(options: argparse.Namespace) -> Configuration:
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
    try:
        recipe = dataclasses.replace(recipe, **cli.recipe_changes(options, Recipe))
    except ValueError as error:
        raise UsageError(str(error)) from error
    if recipe.start_share and not weights:
        raise UsageError("--start-share is of the weights to start from: name them by --weights")
    if options.data_sha256 and len(options.data_sha256) != sum(map(download.is_url, sources)):
        raise UsageError("--data-sha256 needs one value for each URL in --data")
    return Configuration(recipe, sources, weights)


def _claim(options: argparse.Namespace, asked: Configuration) -> tuple[publish.Place | None, int]:
    """The place for the version and GO_ON, or the exit code where there is nothing to do."""
    try:
        place, published = publish.claim(
            options.export_root, options.version, asked.fingerprint, options.start_over
        )
    except publish.PublishError as error:
        return None, fail(error, 2)
    if published:
        print(f"version {place.version} is already published in {place.served}: nothing to do")
        return place, 0
    return place, GO_ON


def _of_worker_0(workers: Workers, code: int) -> int:
    return int(workers.share([np.array(code)])[0])


def fetch(sources: Sequence[str], sha256: Sequence[str], cache: Path) -> list[Path]:
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


def _read_photos(
    options: argparse.Namespace,
    files: Sequence[photos.PhotoFile],
    asked: Configuration,
    workers: Workers,
) -> data_cache.DataCache:
    cache = data_cache.load(
        files,
        asked.recipe.photo_side,
        options.cache_dir / "photos",
        progress=Progress("reading photos", "photos"),
    )
    # Each worker read its own: half of every batch from other photos would go unnoticed.
    mine = np.frombuffer(hashlib.sha256(cache.content.tobytes()).digest(), np.uint8)
    (lead,) = workers.share([mine])
    if workers.any(bool((lead != mine).any())):
        raise WorkersError("the workers do not have the same photos: give all of them one --data")
    return cache


def _network(asked: Configuration, workers: Workers) -> keras.Model:
    """The network to train, spread over this machine's devices, in the recipe's precision."""
    recipe = asked.recipe
    backend.spread()
    if recipe.batch_size % (workers.count * backend.device_count()):
        raise UsageError(
            f"--batch-size {recipe.batch_size} cannot be split evenly over {workers.count} "
            f"workers with {backend.device_count()} devices each"
        )
    network = build(recipe, recipe.precision)
    if asked.weights:
        load_weights(asked.weights, network)
    return network


def build(recipe: Recipe, precision: str) -> keras.Model:
    """The recipe's network, untrained."""
    backend.use_precision(precision)
    try:
        return networks.build(recipe)
    finally:
        backend.use_precision("float32")


class ProgressWatch(loop.Watch):
    """Tells how far the training is."""

    def __init__(self, batch_size: int):
        self._batch = batch_size
        self._progress = Progress("training", "samples")

    def resumed(self, step: int) -> None:
        """Tell that a checkpoint was found."""
        self._progress = Progress("training", "samples", start=step * self._batch)
        self._progress.line(f"going on from the checkpoint at {step * self._batch:,} samples")

    def stepped(self, step: int, steps: int, loss: float) -> None:
        """Tell the samples, their rate and the time left."""
        self._progress(step * self._batch, steps * self._batch, f"loss {loss:.5f}")

    def looked(self, look: dict, best: bool) -> None:
        """Tell what the validation photos say."""
        losses = f"loss {look['loss']:.5f}, validation {look['validation_loss']:.5f}"
        self._progress.line(f"epoch {look['epoch']}: {losses}{', the best so far' * best}")


def _parts(cache: data_cache.DataCache, recipe: Recipe) -> data_cache.Parts:
    return cache.parts(
        recipe.validation_share,
        recipe.validation_photos,
        recipe.name_shares(),
        recipe.min_colorfulness,
    )


def _follow(
    network: keras.Model,
    cache: data_cache.DataCache,
    asked: Configuration,
    workers: Workers,
    stop: StopRequest,
) -> int:
    """Train with worker 0, which does all else; its exit code is this worker's."""
    data = _parts(cache, asked.recipe)
    state = train(
        network, data.training, data.validation, asked.recipe, workers=workers, stop=stop.made
    )
    if not state.finished:
        return stop.exit_code
    return _of_worker_0(workers, GO_ON)


def _lead(
    network: keras.Model,
    cache: data_cache.DataCache,
    asked: Configuration,
    workers: Workers,
    stop: StopRequest,
    place: publish.Place,
) -> int:
    """Train, keep checkpoints, publish; GO_ON where TensorFlow must do the last of it."""
    recipe = asked.recipe
    data = _parts(cache, recipe)
    print(
        f"version {place.version} by recipe {recipe.name}: {len(data.training):,} photos to learn "
        f"from, {len(data.validation):,} for validation; left out: {cache.unreadable:,} "
        f"unreadable, {cache.near_gray:,} without color, {cache.copies:,} copies",
        flush=True,
    )
    with publish.begun(place, asked.fingerprint) as folder:
        state = train(
            network,
            data.training,
            data.validation,
            recipe,
            workers=workers,
            checkpoints=Checkpoints(folder),
            journal=folder / "journal",
            watch=ProgressWatch(recipe.batch_size),
            stop=stop.made,
        )
        if not state.finished:
            tell_stopped(f"{state.step * recipe.batch_size:,} samples", place, folder)
            return stop.exit_code
        stop.release()  # publishing is quick, and whole or not at all
        if state.step < recipe.samples // recipe.batch_size:
            print(f"no better validation for {recipe.patience} epochs: ended early")
        if keras.backend.backend() != "tensorflow":
            return GO_ON
        _publish(network, cache, data, asked, place, state)
    return _of_worker_0(workers, 0)


def _publish(
    network: keras.Model,
    cache: data_cache.DataCache,
    data: data_cache.Parts,
    asked: Configuration,
    place: publish.Place,
    state: loop.State,
) -> None:
    from training.evaluate import compare, load_colorer, markdown_table, write_sheet
    from training.export import write_saved_model

    recipe = asked.recipe
    # What is published computes in float32, whatever it was trained in.
    plain = build(recipe, "float32")
    weights = network.get_weights()
    if asked.weights and recipe.start_share:
        # Between what it knew and what it learned lies what is better than both (Wortsman et al.
        # 2022, "Robust fine-tuning of zero-shot models").
        load_weights(asked.weights, plain)
        share = recipe.start_share
        weights = [
            share * start + (1.0 - share) * end
            for start, end in zip(plain.get_weights(), weights, strict=True)
        ]
    # Rounded as weights.h5 keeps them: the two are one model, and half of each number compresses.
    plain.set_weights([w.astype(np.float16).astype(np.float32) for w in weights])

    def fill(folder: Path) -> dict:
        model = folder / str(place.version)
        write_saved_model(model, plain, f"color/v{place.version}", recipe)
        save_weights(folder / "weights.h5", plain)
        shutil.copytree(place.unfinished / "journal", folder / "journal")
        evaluations = compare({f"v{place.version}": load_colorer(model)}, list(data.validation))
        print(f"\nOn the {len(data.validation):,} validation photos:\n")
        print(markdown_table(evaluations))
        write_sheet(folder / "contact-sheet.png", evaluations)
        return {
            "recipe": dataclasses.asdict(recipe),
            "data": [download.recorded(source) for source in asked.sources],
            "started_from": "/".join(asked.weights.parts[-2:]) if asked.weights else None,
            "photos": {
                "training": len(data.training),
                "validation": len(data.validation),
                "unreadable": cache.unreadable,
                "near_gray": cache.near_gray,
                "copies": cache.copies,
            },
            "seconds": round(state.seconds),
            "history": state.history,
            "validation": {e.name: e.summary() for e in evaluations},
        }

    served = publish.publish(place, asked.fingerprint, fill)
    tell_published(place, served, state.seconds, "gray, predicted, truth")


def tell_stopped(done: str, place: publish.Place, folder: Path) -> None:
    """Say that a run has stopped after so much, and how it goes on; checkpoints are in `folder`."""
    print(
        f"\nstopped after {done}, version {place.version} is not published; the same command goes "
        f"on from the checkpoint in {folder}",
        file=sys.stderr,
    )


def tell_published(place: publish.Place, served: Path, seconds: float, columns: str) -> None:
    """Say what was published, what its contact sheet shows, and how it is served."""
    print(
        f"\npublished version {place.version} in {served} after {duration(seconds)} of training\n"
        f"look at {place.folder / 'contact-sheet.png'} ({columns}), and serve it:\n"
        f"  python -m serving --model_name my-model --model_base_path {place.folder}"
    )


def publish_by_tensorflow(options: argparse.Namespace) -> int:
    """Have another process publish what this one trained on another backend."""
    backend_name = keras.backend.backend()
    if not backend.has_tensorflow():
        print(
            f"trained on {backend_name}; TensorFlow, which writes the SavedModel, is not installed "
            f"here: copy {options.export_root} (with .checkpoints) to where it is, and run the "
            "same command there"
        )
        return 0
    print(f"trained on {backend_name}; TensorFlow publishes", flush=True)
    # Its start finds the finished training in the checkpoint.
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow"}
    # A version of an earlier run that was dropped must not take the new one with it.
    arguments = [a for a in options.arguments if a != "--start-over"]
    command = [sys.executable, "-m", "training", *arguments]
    return subprocess.run(command, env=environment).returncode
