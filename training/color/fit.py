"""Training of the color network: its loss, schedule and batches for the general loop."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from training.color import networks
from training.color.all_convolution import COLOR_STRIDE
from training.color.lab_batches import Batch, training_batch, validation_batches
from training.color.loss import color_loss
from training.color.recipe import Recipe
from training.loop import backend
from training.loop.checkpoints import Checkpoints
from training.loop.fit import fit
from training.loop.optimizers import LayerwiseAdamW
from training.loop.run import Plan, State
from training.loop.watch import Watch
from training.loop.workers import SingleWorker, Workers
from training.photos.contact_sheet import draw_contact_sheet
from training.photos.data_cache import View
from training.photos.lab import lab_to_rgb, rgb_to_lab

SHOWN_PHOTOS = 8  # in TensorBoard, after each evaluation


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
    *,
    workers: Workers | None = None,
    checkpoints: Checkpoints | None = None,
    journal: Path | None = None,
    watch: Watch | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> State:
    """Train `model` on photos (uint8 [N, side, side, 3]); it ends with the best averaged weights.

    Best is by the loss on the validation photos, every `recipe.samples_per_epoch` samples. The rest
    is as in `training.loop.fit`.
    """
    model.compile(
        LayerwiseAdamW(
            schedule(recipe),
            weight_decay=recipe.weight_decay,
            global_clipnorm=recipe.clip_norm,
            rate_of=lambda path: recipe.encoder_rate if path.startswith("encoder") else 1.0,
        ),
        loss=color_loss(
            recipe.huber_delta,
            recipe.psnr_share,
            recipe.picture_weight,
            recipe.vividness,
            recipe.red_caution,
        ),
        # XLA is slower on CPUs; JAX has nothing else.
        jit_compile=keras.backend.backend() == "jax",
    )
    workers = workers or SingleWorker()
    part = recipe.batch_size // workers.count
    rows = slice(workers.rank * part, (workers.rank + 1) * part)
    held_back = validation_batches(validation, recipe)
    plan = Plan(
        steps=recipe.samples // recipe.batch_size,
        steps_per_evaluation=max(1, recipe.samples_per_epoch // recipe.batch_size),
        patience=recipe.patience,
        ema=recipe.ema,
    )
    return fit(
        model,
        lambda step: training_batch(training, recipe, step, rows),
        lambda: validation_loss(model, held_back),
        plan,
        workers=workers,
        checkpoints=checkpoints,
        journal=journal,
        pictures=lambda: {"validation": colored(model, validation[:SHOWN_PHOTOS])},
        watch=watch,
        stop=stop,
    )


def colored(model: keras.Model, photos: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A sheet of photos (uint8 [N, side, side, 3]): gray, as the network colors them, as they are.

    Their sides are cut to what the network takes.
    """
    stride = networks.stride(model)
    side = photos.shape[1] // stride * stride
    lab = rgb_to_lab(backend.pad_to_devices(photos)[:, :side, :side])
    cells = keras.ops.convert_to_numpy(model.predict_on_batch(lab[..., :1]))
    ab = cells.repeat(COLOR_STRIDE, axis=1).repeat(COLOR_STRIDE, axis=2) * 128.0
    columns = {
        name: list(lab_to_rgb(np.concatenate([lab[..., :1], color], axis=-1)))
        for name, color in {"gray": 0 * ab, "predicted": ab, "truth": lab[..., 1:]}.items()
    }
    return np.asarray(draw_contact_sheet(columns, side=side))


def validation_loss(model: keras.Model, batches: list[Batch]) -> float:
    """Mean loss over the photos of `batches`."""
    total = 0.0
    for lightness, truth in batches:
        predicted = model.predict_on_batch(backend.pad_to_devices(lightness))[: len(truth)]
        loss = model.loss(*map(keras.ops.convert_to_tensor, (truth, predicted)))
        total += float(keras.ops.convert_to_numpy(loss)) * len(truth)
    return total / sum(len(truth) for _, truth in batches)
