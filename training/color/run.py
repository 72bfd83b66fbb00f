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
from training.loop.workers import Workers, WorkersError, connect_workers
from training.photos import data_cache, download, sources
from training.program.errors import CommandError, UsageError, fail
from training.program.progress import Progress
from training.program.stop import StopRequest, stop_request
from training.publishing.handover import publish_with_tensorflow
from training.publishing.publish import open_run, reserve_version
from training.publishing.report import print_already_published, print_stopped
from training.publishing.version_folder import VersionFolder
from training.publishing.weights import load_weights

CONTINUE = -1  # no exit code yet


def run_training(options: argparse.Namespace) -> int:
    """Train by a recipe and publish a version; the exit code comes back. Raises CommandError."""
    config = configuration(options)
    workers = connect_workers()
    backend.initialize()
    # Worker 0 alone knows the export root; the others do as it says.
    target, code = _reserve(options, config) if workers.rank == 0 else (None, CONTINUE)
    code = _broadcast_code(workers, code)
    if code != CONTINUE:
        return code
    files = sources.find(download.fetch_all(config.sources, options.data_sha256, options.cache_dir))
    network = _network(config, workers)
    cache = _read_photos(options, files, config, workers)
    with stop_request() as stop:
        if target is None:
            code = _train_as_follower(network, cache, config, workers, stop)
        else:
            code = _train_as_leader(network, cache, config, workers, stop, target)
    return publish_with_tensorflow(options) if code == CONTINUE else code


def _reserve(
    options: argparse.Namespace, config: Configuration
) -> tuple[VersionFolder | None, int]:
    """The place for the version and GO_ON, or the exit code where there is nothing to do."""
    try:
        target, published = reserve_version(
            options.export_root, options.version, config.fingerprint, options.start_over
        )
    except CommandError as error:  # the other workers wait for its exit code
        return None, fail(error)
    if published:
        print_already_published(target)
        return target, 0
    return target, CONTINUE


def _broadcast_code(workers: Workers, code: int) -> int:
    return int(workers.broadcast([np.array(code)])[0])


def _read_photos(
    options: argparse.Namespace,
    files: Sequence[sources.PhotoFile],
    config: Configuration,
    workers: Workers,
) -> data_cache.DataCache:
    cache = data_cache.load(
        files,
        config.recipe.photo_side,
        options.cache_dir / "photos",
        progress=Progress("reading photos", "photos"),
    )
    # Each worker read its own: half of every batch from other photos would go unnoticed.
    mine = np.frombuffer(hashlib.sha256(cache.content.tobytes()).digest(), np.uint8)
    (leaders,) = workers.broadcast([mine])
    if workers.any(bool((leaders != mine).any())):
        raise WorkersError("the workers do not have the same photos: give all of them one --data")
    return cache


def _network(config: Configuration, workers: Workers) -> keras.Model:
    """The network to train, spread over this machine's devices, in the recipe's precision."""
    recipe = config.recipe
    backend.use_all_devices()
    if recipe.batch_size % (workers.count * backend.device_count()):
        raise UsageError(
            f"--batch-size {recipe.batch_size} cannot be split evenly over {workers.count} "
            f"workers with {backend.device_count()} devices each"
        )
    network = networks.build(recipe, recipe.precision)
    if config.weights:
        load_weights(config.weights, network)
    return network


def _split(cache: data_cache.DataCache, recipe: Recipe) -> data_cache.Split:
    return cache.split(
        recipe.validation_share,
        recipe.validation_photos,
        recipe.name_shares(),
        recipe.min_colorfulness,
    )


def _train_as_follower(
    network: keras.Model,
    cache: data_cache.DataCache,
    config: Configuration,
    workers: Workers,
    stop: StopRequest,
) -> int:
    """Train with worker 0, which does all else; its exit code is this worker's."""
    data = _split(cache, config.recipe)
    state = train(
        network, data.training, data.validation, config.recipe, workers=workers, stop=stop.requested
    )
    if not state.finished:
        return stop.exit_code
    return _broadcast_code(workers, CONTINUE)


def _train_as_leader(
    network: keras.Model,
    cache: data_cache.DataCache,
    config: Configuration,
    workers: Workers,
    stop: StopRequest,
    target: VersionFolder,
) -> int:
    """Train, keep checkpoints, publish; GO_ON where TensorFlow must do the last of it."""
    recipe = config.recipe
    data = _split(cache, recipe)
    print(
        f"version {target.version} by recipe {recipe.name}: {len(data.training):,} photos to learn "
        f"from, {len(data.validation):,} for validation; left out: {cache.unreadable:,} "
        f"unreadable, {cache.near_gray:,} without color, {cache.copies:,} copies",
        flush=True,
    )
    with open_run(target, config.fingerprint) as folder:
        state = train(
            network,
            data.training,
            data.validation,
            recipe,
            workers=workers,
            checkpoints=Checkpoints(folder),
            journal=folder / "journal",
            watch=ProgressWatch(recipe.batch_size),
            stop=stop.requested,
        )
        if not state.finished:
            print_stopped(f"{state.step * recipe.batch_size:,} samples", target, folder)
            return stop.exit_code
        stop.release()  # publishing is quick, and whole or not at all
        if state.step < recipe.samples // recipe.batch_size:
            print(f"no better validation for {recipe.patience} epochs: ended early")
        if keras.backend.backend() != "tensorflow":
            return CONTINUE
        publish_network(network, cache, data, config, target, state)
    return _broadcast_code(workers, 0)
