"""Who computes: one process alone, or several workers that take the same steps together.

Kubeflow's TFJob tells each of several workers about all of them in TF_CONFIG; for one replica it
sets nothing. Every worker holds the whole model and its part of each batch. Gradients are averaged
over all workers by TensorFlow's collective operations, and every worker then takes the same step
from the same weights, so that these stay equal bit for bit. Worker 0 (the chief, if there is one)
leads: it alone validates, keeps checkpoints and publishes, and the others get its results.

Nothing but gradients is averaged: a network with batch normalization would need its statistics
averaged, too. Ours have none.
"""

import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from training.program.errors import CommandError, UsageError
from training.program.quiet import hold_standard_error


class WorkersError(UsageError):
    """TF_CONFIG cannot be followed; the message says why, in one line."""


class WorkerLostError(CommandError):
    """Another worker is gone in the middle of the run."""


class Workers(Protocol):
    """What the training loop asks of whoever computes."""

    rank: int  # of this process; 0 leads
    count: int

    def step(self, model: keras.Model, x: Any, y: Any, stop: bool) -> tuple[float, bool]:
        """One optimizer step of a compiled model on this worker's part of a batch.

        Returns the loss on the whole batch, and whether any worker says `stop`.
        """

    def any(self, flag: bool) -> bool:
        """Whether any worker says so; every worker must ask."""

    def broadcast(self, arrays: Sequence[NDArray]) -> list[NDArray]:
        """Worker 0's arrays; every worker must ask, with arrays of the same shapes and types."""


class SingleWorker:
    """One process, with one device or several."""

    rank = 0
    count = 1

    def step(self, model: keras.Model, x: Any, y: Any, stop: bool) -> tuple[float, bool]:
        """One step; the same code on every Keras backend."""
        return float(np.asarray(model.train_on_batch(x, y))), stop

    def any(self, flag: bool) -> bool:
        """What was said."""
        return flag

    def broadcast(self, arrays: Sequence[NDArray]) -> list[NDArray]:
        """The same arrays."""
        return list(arrays)


class TensorFlowWorkers:
    """The workers of TF_CONFIG, on the TensorFlow backend; one device each.

    The model and its optimizer are made as ever, outside of any strategy, since Keras 3's own
    training under MultiWorkerMirroredStrategy fails with two workers; only the averages go through
    the strategy. Every method raises WorkerLostError where another worker is gone.
    """

    def __init__(self, rank: int, count: int):
        import tensorflow as tf

        self.rank = rank
        self.count = count
        self._tf = tf
        gpus = tf.config.list_physical_devices("GPU")
        tf.config.set_visible_devices(gpus[:1], "GPU")
        with hold_standard_error():  # waits until every worker is there
            self._strategy = tf.distribute.MultiWorkerMirroredStrategy()
        self._reduce_sums = tf.function(lambda values: self._all_reduce("SUM", values))
        self._model: keras.Model | None = None
        self._model_step: Callable = lambda *_: None

    def _all_reduce(self, how: str, values: Sequence[Any]) -> Any:
        def reduce(values: Sequence[Any]) -> Any:
            # A copy stands on the replica's device, which the collective operation asks for.
            values = [self._tf.identity(value) for value in values]
            return self._tf.distribute.get_replica_context().all_reduce(how, values)

        return self._strategy.run(reduce, args=(values,))

    def _call(self, function: Callable, *arguments: Any) -> Any:
        try:
            return function(*arguments)
        except self._tf.errors.OpError as error:
            if "ollective" not in str(error):  # an error of this worker's own
                raise
            raise WorkerLostError(
                "another worker is gone: start it again, and this one; they go on from the last "
                "checkpoint"
            ) from error

    def step(self, model: keras.Model, x: Any, y: Any, stop: bool) -> tuple[float, bool]:
        """One step of all workers."""
        if model is not self._model:
            self._model, self._model_step = model, self._make_step(model)
        x, y = self._tf.nest.map_structure(self._tf.convert_to_tensor, (x, y))
        loss, stops = self._call(self._model_step, x, y, self._tf.constant(float(stop)))
        return float(loss), float(stops) > 0

    def _make_step(self, model: keras.Model) -> Callable:
        tf = self._tf
        variables = model.trainable_variables

        @tf.function
        def step(x: Any, y: Any, stop: Any) -> tuple[Any, Any]:
            with tf.GradientTape() as tape:
                loss = model.compute_loss(x=x, y=y, y_pred=model(x, training=True))
            gradients = tape.gradient(loss, [variable.value for variable in variables])
            *gradients, loss, stop = self._all_reduce("MEAN", [*gradients, loss, stop])
            # Clipped here, after the average: a worker's part of the gradient is no gradient.
            model.optimizer.apply(gradients, variables)
            return loss, stop

        return step

    def any(self, flag: bool) -> bool:
        """Whether any worker says so."""
        (total,) = self._call(self._reduce_sums, [self._tf.constant(float(flag))])
        return float(total) > 0

    def broadcast(self, arrays: Sequence[NDArray]) -> list[NDArray]:
        """Worker 0's arrays: it adds them to everybody else's zeros."""
        # float64 holds float32 and every count exactly; not every type can be added up.
        given = [
            self._tf.constant(array if self.rank == 0 else np.zeros_like(array), self._tf.float64)
            for array in arrays
        ]
        sums = self._call(self._reduce_sums, given) if given else []
        return [
            np.asarray(total).astype(array.dtype) for total, array in zip(sums, arrays, strict=True)
        ]


def rank_and_count(config: str) -> tuple[int, int]:
    """This process's rank and the number of workers, by the text of TF_CONFIG.

    Raises WorkersError.
    """
    try:
        values = json.loads(config)
        cluster = values["cluster"]
        task = values["task"]
        kind, index = task["type"], int(task["index"])
        addresses = {name: list(cluster[name]) for name in cluster}
    except (ValueError, TypeError, KeyError) as error:
        raise WorkersError(f"TF_CONFIG is not what TFJob sets ({error!r})") from error
    if others := [name for name in addresses if name not in ("chief", "worker")]:
        raise WorkersError(
            f"TF_CONFIG has replicas of type {', '.join(others)}: only chief and worker train here"
        )
    order = [(name, i) for name in ("chief", "worker") for i in range(len(addresses.get(name, [])))]
    if (kind, index) not in order:
        raise WorkersError(f"TF_CONFIG has no address for its own task, {kind} {index}")
    return order.index((kind, index)), len(order)


def connect_workers() -> Workers:
    """The workers by TF_CONFIG, once all of them are there; alone where it names no other.

    Must come before anything else is asked of TensorFlow. Raises WorkersError.
    """
    rank, count = rank_and_count(config) if (config := os.environ.get("TF_CONFIG")) else (0, 1)
    if count == 1:
        return SingleWorker()
    if keras.backend.backend() != "tensorflow":
        raise WorkersError(
            f"TF_CONFIG names {count} workers, which train on the TensorFlow backend alone: "
            "unset KERAS_BACKEND"
        )
    print(f"worker {rank} of {count}: waiting for the others", file=sys.stderr, flush=True)
    return TensorFlowWorkers(rank, count)
