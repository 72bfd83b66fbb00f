"""What `python -m training` does, step by step."""

import argparse
import hashlib
from collections.abc import Sequence

import keras
import numpy as np

from training.color import networks
from training.color.configuration import Configuration, configuration
from training.color.fit import train
from training.color.publish import publish_network
from training.color.recipe import Recipe
from training.loop import backend
from training.loop.checkpoints import Checkpoints
from training.loop.watch import ProgressWatch
from training.loop.workers import Workers, WorkersError, join
from training.photos import data_cache, download, sources
from training.program.errors import CommandError, UsageError, fail
from training.program.progress import Progress
from training.program.stop import StopRequest, stop_request
from training.publishing.handover import publish_by_tensorflow
from training.publishing.place import Place
from training.publishing.publish import begun, claim
from training.publishing.report import tell_nothing_to_do, tell_stopped
from training.publishing.weights import load_weights

GO_ON = -1  # no exit code yet


def run_training(options: argparse.Namespace) -> int:
    """Train by a recipe and publish a version; the exit code comes back. Raises CommandError."""
    asked = configuration(options)
    workers = join()
    backend.start()
    # Worker 0 alone knows the export root; the others do as it says.
    place, code = _claim(options, asked) if workers.rank == 0 else (None, GO_ON)
    code = _of_worker_0(workers, code)
    if code != GO_ON:
        return code
    files = sources.find(download.fetch_all(asked.sources, options.data_sha256, options.cache_dir))
    network = _network(asked, workers)
    cache = _read_photos(options, files, asked, workers)
    with stop_request() as stop:
        if place is None:
            code = _follow(network, cache, asked, workers, stop)
        else:
            code = _lead(network, cache, asked, workers, stop, place)
    return publish_by_tensorflow(options) if code == GO_ON else code


def _claim(options: argparse.Namespace, asked: Configuration) -> tuple[Place | None, int]:
    """The place for the version and GO_ON, or the exit code where there is nothing to do."""
    try:
        place, published = claim(
            options.export_root, options.version, asked.fingerprint, options.start_over
        )
    except CommandError as error:  # the other workers wait for its exit code
        return None, fail(error)
    if published:
        tell_nothing_to_do(place)
        return place, 0
    return place, GO_ON


def _of_worker_0(workers: Workers, code: int) -> int:
    return int(workers.share([np.array(code)])[0])


def _read_photos(
    options: argparse.Namespace,
    files: Sequence[sources.PhotoFile],
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
    network = networks.build(recipe, recipe.precision)
    if asked.weights:
        load_weights(asked.weights, network)
    return network


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
    place: Place,
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
    with begun(place, asked.fingerprint) as folder:
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
        publish_network(network, cache, data, asked, place, state)
    return _of_worker_0(workers, 0)
