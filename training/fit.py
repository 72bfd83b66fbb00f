"""The training loop: read it top to bottom.

`train_on_batch` works alike on every Keras backend, so the loop is plain Python.
"""

import queue
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

import keras
import numpy as np
from numpy.typing import NDArray

from training.data_cache import View
from training.lab_batches import Batch, training_batches, validation_batches
from training.recipe import Recipe

Weights = list[NDArray[np.float32]]
Item = TypeVar("Item")


def huber_ab(delta: float) -> Callable:
    """Huber loss on a*b*/110 between tensors of a*b*/128, summed over a* and b*, then averaged."""
    loss = keras.losses.Huber(delta=delta)
    scale = 128.0 / 110.0
    return lambda truth, predicted: 2.0 * loss(truth * scale, predicted * scale)


class Average:
    """Exponential moving average of a model's weights (Polyak averaging)."""

    def __init__(self, model: keras.Model, decay: float):
        self._model = model
        self._decay = decay
        self._steps = 0
        self._average = [keras.ops.copy(w) for w in model.trainable_weights]

    def update(self) -> None:
        """Take the model's present weights into the average."""
        self._steps += 1
        # Early on the average follows quickly, or it would remember the start for too long.
        decay = min(self._decay, self._steps / (self._steps + 10.0))
        self._average = [
            average * decay + weight * (1.0 - decay)
            for average, weight in zip(self._average, self._model.trainable_weights, strict=True)
        ]

    def weights(self) -> Weights:
        """The average as NumPy arrays, in the order of `model.trainable_weights`."""
        return [np.asarray(keras.ops.convert_to_numpy(w)) for w in self._average]


def prefetch(batches: Iterator[Item], depth: int = 8) -> Iterator[Item]:
    """The same batches, made in a thread of their own while the network computes.

    An error in that thread is raised here.
    """
    ready: queue.Queue = queue.Queue(depth)

    def fill() -> None:
        try:
            for batch in batches:
                ready.put(batch)
            ready.put(None)
        except BaseException as error:
            ready.put(error)

    threading.Thread(target=fill, daemon=True).start()
    while (item := ready.get()) is not None:
        if isinstance(item, BaseException):
            raise item
        yield item


def schedule(recipe: Recipe) -> keras.optimizers.schedules.LearningRateSchedule:
    """Linear warm-up to the peak, then a cosine to zero at the last step."""
    steps = max(1, recipe.samples // recipe.batch_size)
    warmup = int(recipe.warmup_share * steps)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=recipe.learning_rate * 0.01,
        decay_steps=max(1, steps - warmup),
        warmup_target=recipe.learning_rate,
        warmup_steps=warmup,
    )


def train(
    model: keras.Model,
    training: NDArray[np.uint8] | View,
    validation: NDArray[np.uint8],
    recipe: Recipe,
    on_step: Callable[[int, int, float], None] = lambda step, steps, loss: None,
    on_epoch: Callable[[int, float, float, bool], None] = lambda epoch, loss, val, best: None,
) -> Weights:
    """Train `model` on photos (uint8 [N, side, side, 3]); the best averaged weights come back.

    Best is by the loss on the validation photos, looked at every `recipe.samples_per_epoch`
    samples. `on_step` gets (step, steps in all, running loss), `on_epoch` (epoch, running loss,
    validation loss, whether it is the best so far).
    """
    model.compile(
        keras.optimizers.AdamW(
            schedule(recipe), weight_decay=recipe.weight_decay, global_clipnorm=recipe.clip_norm
        ),
        loss=huber_ab(recipe.huber_delta),
        jit_compile=False,  # XLA is slower on CPUs
    )
    held_back = validation_batches(validation, recipe)
    steps = recipe.samples // recipe.batch_size
    steps_per_epoch = max(1, recipe.samples_per_epoch // recipe.batch_size)
    average = Average(model, recipe.ema)
    best_loss, best = validation_loss(model, held_back), average.weights()
    running = 0.0

    for step, (lightness, ab) in enumerate(prefetch(training_batches(training, recipe)), start=1):
        loss = float(np.asarray(model.train_on_batch(lightness, ab)))
        running += (loss - running) * max(0.01, 1.0 / step)
        average.update()
        on_step(step, steps, running)
        if step % steps_per_epoch == 0 or step == steps:
            trained = [keras.ops.convert_to_numpy(w) for w in model.trainable_weights]
            assign(model, average.weights())
            val = validation_loss(model, held_back)
            assign(model, trained)
            if improved := val < best_loss:
                best_loss, best = val, average.weights()
            on_epoch(-(-step // steps_per_epoch), running, val, improved)
    assign(model, best)
    return best


def assign(model: keras.Model, weights: Weights) -> None:
    """Set the trainable weights of `model`."""
    for variable, value in zip(model.trainable_weights, weights, strict=True):
        variable.assign(value)


def validation_loss(model: keras.Model, batches: list[Batch]) -> float:
    """Mean loss over the photos of `batches`."""
    total = sum(
        float(np.asarray(model.test_on_batch(lightness, ab))) * len(ab) for lightness, ab in batches
    )
    return total / sum(len(ab) for _, ab in batches)
