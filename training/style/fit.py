"""Training of style transfer: its loss, schedule and pairs for the general loop."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from training.loop.checkpoints import Checkpoints
from training.loop.fit import fit
from training.loop.run import Plan, State
from training.loop.watch import Watch
from training.photos.contact_sheet import draw_contact_sheet
from training.photos.data_cache import View
from training.style.losses import Perception, content_distance, style_distance
from training.style.pairs import make_batch, training_batch, validation_pairs
from training.style.recipe import StyleRecipe
from training.style.style_bank import StyleBank

SHOWN_PAIRS = 12  # in TensorBoard, after each evaluation


class Trainer(keras.Model):
    """The networks and their loss, as a Keras model, so that `train_on_batch` trains it."""

    def __init__(
        self,
        style_network: keras.Model,
        transformer: keras.Model,
        perception: Perception,
        recipe: StyleRecipe,
    ):
        super().__init__(name="style_trainer")
        self.style_network = style_network
        self.transformer = transformer
        self.recipe = recipe
        self._perception = perception
        style_network.trainable = recipe.train_style_network

    def call(self, inputs: dict[str, keras.KerasTensor]) -> keras.KerasTensor:
        """The painted pictures, RGB in 0...1, [B, S, S, 3]."""
        style = inputs["style"]
        if self.recipe.train_style_network:
            style = self.style_network(style)
        return self.transformer([inputs["content"], style])

    def distances(self, x: Any, y: Any, painted: Any) -> tuple[Any, Any]:
        """How far the painted pictures are from content and style, [B] each."""
        content, statistics = self._perception.content_and_style(painted)
        truth = ops.stop_gradient(self._perception.content(x["content"]))
        return content_distance(content, truth), style_distance(statistics, y["statistics"])

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> keras.KerasTensor:
        """Style + content + own + variation, weighted; the batch's mean."""
        content, style = self.distances(x, y, y_pred)
        squares = ops.mean(ops.square(y_pred - x["content"]), axis=(1, 2, 3))
        down = ops.mean(ops.abs(y_pred[:, 1:] - y_pred[:, :-1]), axis=(1, 2, 3))
        right = ops.mean(ops.abs(y_pred[:, :, 1:] - y_pred[:, :, :-1]), axis=(1, 2, 3))
        return ops.mean(
            style
            + self.recipe.content_weight * content
            + self.recipe.own_weight * squares * y["own"]
            + self.recipe.variation_weight * (down + right)
        )


class Evaluator(keras.Model):
    """A trainer's pictures for a batch, and their distances from content and style."""

    def __init__(self, trainer: Trainer):
        super().__init__(name="style_evaluator")
        self._trainer = trainer

    def call(self, batch: dict[str, Any]) -> list[keras.KerasTensor]:
        """[painted [B, S, S, 3], content distance [B], style distance [B]]."""
        painted = self._trainer(batch)
        return [painted, *self._trainer.distances(batch, batch, painted)]


@keras.saving.register_keras_serializable("colorway")
class Trapezoid(keras.optimizers.schedules.LearningRateSchedule):
    """A linear rise to the peak, a plateau, and a linear fall to zero at the last step."""

    def __init__(self, peak: float, steps: int, rise: float, fall: float):
        """`rise` and `fall` are shares of `steps`."""
        self._values = {"peak": peak, "steps": steps, "rise": rise, "fall": fall}

    def __call__(self, step: Any) -> Any:
        """The learning rate of step 0, 1, ..."""
        v = self._values
        step = ops.cast(step, "float32")
        rise = (step + 1.0) / max(1.0, v["rise"] * v["steps"])
        fall = (v["steps"] - step) / max(1.0, v["fall"] * v["steps"])
        return v["peak"] * ops.clip(ops.minimum(rise, fall), 0.0, 1.0)

    def get_config(self) -> dict:
        """What rebuilds the schedule."""
        return dict(self._values)


def compile_trainer(trainer: Trainer) -> None:
    """Give it its optimizer, and on TensorFlow the precision that the recipe wants."""
    recipe = trainer.recipe
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        # A graph rewrite: weights and sums stay float32, convolutions are bfloat16.
        option = {"auto_mixed_precision_onednn_bfloat16": recipe.bfloat16}
        tf.config.optimizer.set_experimental_options(option)
    steps = recipe.samples // recipe.batch_size
    trainer.compile(
        keras.optimizers.Adam(
            Trapezoid(recipe.learning_rate, steps, recipe.warmup_share, recipe.cooldown_share),
            global_clipnorm=recipe.clip_norm,
        ),
        # XLA is slower on CPUs; JAX has nothing else.
        jit_compile=keras.backend.backend() == "jax",
    )


def train(
    trainer: Trainer,
    photos: View,
    held_back: NDArray[np.uint8],
    bank: StyleBank,
    *,
    checkpoints: Checkpoints | None = None,
    journal: Path | None = None,
    watch: Watch | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> State:
    """Train on random pairs of photos (uint8 [N, side, side, 3]) and the paintings of the bank.

    Best is by the loss on the held-back pairs. The rest is as in `training.loop.fit`.
    """
    recipe = trainer.recipe
    compile_trainer(trainer)
    pairs = HeldBackPairs(trainer, held_back, bank)
    # One step of a batch builds the variables that the loop keeps.
    trainer(training_batch(photos, bank, recipe, 0)[0])
    plan = Plan(
        steps=recipe.samples // recipe.batch_size,
        steps_per_evaluation=max(1, recipe.samples_per_epoch // recipe.batch_size),
        patience=0,
        ema=recipe.ema,
    )
    return fit(
        trainer,
        lambda step: training_batch(photos, bank, recipe, step),
        pairs.loss,
        plan,
        checkpoints=checkpoints,
        journal=journal,
        pictures=lambda: {"photo, style, painted": pairs.sheet(SHOWN_PAIRS)},
        watch=watch,
        stop=stop,
    )


class HeldBackPairs:
    """The held-back pairs, as the network paints them at the time."""

    def __init__(self, trainer: Trainer, held_back: NDArray[np.uint8], bank: StyleBank):
        self._evaluator = Evaluator(trainer)
        self._evaluator.compile(jit_compile=keras.backend.backend() == "jax")
        self._recipe = trainer.recipe
        self._contents, self._rows = validation_pairs(held_back, bank, trainer.recipe)
        self._bank = bank
        self.painted: NDArray[np.uint8] = self._contents
        self.distances: dict[str, float] = {}

    def loss(self) -> float:
        """Paint them all; style + content, weighted, the mean over pairs."""
        parts: list[list[NDArray]] = []
        size = self._recipe.batch_size
        for start in range(0, len(self._rows), size):
            part = slice(start, start + size)
            x, y = make_batch(self._contents[part], self._rows[part], self._bank, self._recipe)
            parts.append([np.asarray(v) for v in self._evaluator.predict_on_batch({**x, **y})])
        painted, content, style = (np.concatenate(column) for column in zip(*parts, strict=True))
        self.painted = np.rint(np.clip(painted, 0, 1) * 255).astype(np.uint8)
        self.distances = {"content": float(content.mean()), "style": float(style.mean())}
        return self.distances["style"] + self._recipe.content_weight * self.distances["content"]

    def sheet(self, count: int) -> NDArray[np.uint8]:
        """The first `count` of them: photo, style, painted."""
        count = min(count, len(self._rows))
        columns = {
            "photo": list(self._contents[:count]),
            "style": [self._bank.rgb[row] for row in self._rows[:count]],
            "painted": list(self.painted[:count]),
        }
        return np.asarray(draw_contact_sheet(columns))
