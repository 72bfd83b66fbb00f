"""Training of the color network: its loss, its schedule, its batches, given to the general loop."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from training import backend, loop, networks
from training.checkpoints import Checkpoints
from training.contact_sheet import draw_contact_sheet
from training.data_cache import View
from training.lab import lab_to_rgb, rgb_to_lab
from training.lab_batches import Batch, training_batch, validation_batches
from training.network import COLOR_STRIDE
from training.optimizers import LayerwiseAdamW
from training.recipe import Recipe
from training.workers import Alone, Workers

SHOWN_PHOTOS = 8  # in TensorBoard, after each look


_TYPICAL_ERROR = 0.01  # a photo's mean squared error of a*b*/110, to weigh the two losses alike
_SMALLEST_ERROR = 0.001  # below it (3.5 units of a*b*) a photo is as good as right


def color_loss(delta: float, psnr_share: float) -> Callable:
    """The loss between tensors of a*b*/128, [B, H, W, 2].

    Huber on a*b*/110, summed over a* and b* and averaged, and for the share `psnr_share` the
    logarithm of each photo's mean squared error (Chen et al., "HINet", 2021). PSNR is that
    logarithm, so a photo that is nearly right counts as much as one that is far off.
    """
    huber = keras.losses.Huber(delta=delta)
    scale = 128.0 / 110.0

    def loss(truth: keras.KerasTensor, predicted: keras.KerasTensor) -> keras.KerasTensor:
        absolute = 2.0 * huber(truth * scale, predicted * scale)
        if psnr_share == 0:
            return absolute
        squared = keras.ops.sum(keras.ops.square((truth - predicted) * scale), axis=-1)
        relative = keras.ops.log(keras.ops.mean(squared, axis=(1, 2)) + _SMALLEST_ERROR)
        return (1.0 - psnr_share) * absolute + (
            psnr_share * _TYPICAL_ERROR * keras.ops.mean(relative)
        )

    return loss


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
    watch: loop.Watch | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> loop.State:
    """Train `model` on photos (uint8 [N, side, side, 3]); it has the best averaged weights then.

    Best is by the loss on the validation photos, looked at every `recipe.samples_per_epoch`
    samples. The rest is as in `loop.fit`.
    """
    model.compile(
        LayerwiseAdamW(
            schedule(recipe),
            weight_decay=recipe.weight_decay,
            global_clipnorm=recipe.clip_norm,
            rate_of=lambda path: recipe.encoder_rate if path.startswith("encoder") else 1.0,
        ),
        loss=color_loss(recipe.huber_delta, recipe.psnr_share),
        # XLA is slower on CPUs; JAX has nothing else.
        jit_compile=keras.backend.backend() == "jax",
    )
    workers = workers or Alone()
    part = recipe.batch_size // workers.count
    rows = slice(workers.rank * part, (workers.rank + 1) * part)
    held_back = validation_batches(backend.whole_rounds(validation), recipe)
    plan = loop.Plan(
        steps=recipe.samples // recipe.batch_size,
        steps_per_look=max(1, recipe.samples_per_epoch // recipe.batch_size),
        patience=recipe.patience,
        ema=recipe.ema,
    )
    return loop.fit(
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
    lab = rgb_to_lab(backend.whole_rounds(photos)[:, :side, :side])
    cells = keras.ops.convert_to_numpy(model.predict_on_batch(lab[..., :1]))
    ab = cells.repeat(COLOR_STRIDE, axis=1).repeat(COLOR_STRIDE, axis=2) * 128.0
    columns = {
        name: list(lab_to_rgb(np.concatenate([lab[..., :1], color], axis=-1)))
        for name, color in {"gray": 0 * ab, "predicted": ab, "truth": lab[..., 1:]}.items()
    }
    return np.asarray(draw_contact_sheet(columns, side=side))


def validation_loss(model: keras.Model, batches: list[Batch]) -> float:
    """Mean loss over the photos of `batches`."""
    total = sum(
        float(np.asarray(model.test_on_batch(lightness, ab))) * len(ab) for lightness, ab in batches
    )
    return total / sum(len(ab) for _, ab in batches)
