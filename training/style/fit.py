"""The training loop of style transfer: read it top to bottom.

`train_on_batch` works alike on every Keras backend, so the loop is plain Python. Everything that a
run is lies in its checkpoints: killed at any moment, it goes on from the last one.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from training.checkpoints import Checkpoint, Checkpoints
from training.data_cache import View
from training.fit import prefetch
from training.style.losses import Perception, content_distance, style_distance
from training.style.pairs import Batch, batch_of, training_batches, validation_pairs
from training.style.recipe import StyleRecipe
from training.style.style_bank import StyleBank

MEASURES = ("loss", "content", "style", "own")


class Trainer(keras.Model):
    """The networks and how wrong they are; a Keras model only so that `train_on_batch` fits it."""

    def __init__(
        self,
        style_network: keras.Model,
        transformer: keras.Model,
        perception: Perception,
        recipe: StyleRecipe,
    ):
        super().__init__()
        self.style_network = style_network
        self.transformer = transformer
        self.recipe = recipe
        self._perception = perception
        style_network.trainable = recipe.train_style_network
        self._means = {name: keras.metrics.Mean(name=name) for name in MEASURES}

    def call(self, batch: dict) -> keras.KerasTensor:
        """The painted pictures, RGB in 0...1, [B, S, S, 3]."""
        style = batch["style"]
        if self.recipe.train_style_network:
            style = self.style_network(style)
        return self.transformer([batch["content"], style])

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> keras.KerasTensor:
        """Style + content + own + variation, weighted; the batch's mean."""
        content, statistics = self._perception.content_and_style(y_pred)
        truth = ops.stop_gradient(self._perception.content(x["content"]))
        content_loss = content_distance(content, truth)
        style_loss = style_distance(statistics, x["statistics"])
        squares = ops.mean(ops.square(y_pred - x["content"]), axis=(1, 2, 3))
        own_loss = squares * x["own"]
        down = ops.mean(ops.abs(y_pred[:, 1:] - y_pred[:, :-1]), axis=(1, 2, 3))
        right = ops.mean(ops.abs(y_pred[:, :, 1:] - y_pred[:, :, :-1]), axis=(1, 2, 3))

        others = 1.0 - x["own"]
        self._means["content"].update_state(content_loss, sample_weight=others)
        self._means["style"].update_state(style_loss, sample_weight=others)
        self._means["own"].update_state(squares, sample_weight=x["own"])
        recipe = self.recipe
        loss = ops.mean(
            style_loss
            + recipe.content_weight * content_loss
            + recipe.own_weight * own_loss
            + recipe.variation_weight * (down + right)
        )
        self._means["loss"].update_state(loss)
        return loss

    def tell(self) -> dict[str, float]:
        """The measures' means since this was last called."""
        values = {name: float(np.asarray(mean.result())) for name, mean in self._means.items()}
        for mean in self._means.values():
            mean.reset_state()
        return values


@dataclasses.dataclass(frozen=True)
class Watch:
    """Who is told of a run, and when."""

    on_step: Callable[[int, int], None] = lambda step, steps: None
    on_checkpoint: Callable[[int, dict[str, float]], None] = lambda step, values: None
    on_epoch: Callable[[int, dict[str, float], NDArray[np.uint8]], None] = (
        lambda step, values, pictures: None
    )


def learning_rate(recipe: StyleRecipe, step: int) -> float:
    """Of step 0, 1, ...: a linear rise, a plateau, a linear fall to zero.

    On the plateau a run can still be made longer: what is past does not depend on its length.
    """
    steps = recipe.samples // recipe.batch_size
    rise = (step + 1) / max(1.0, recipe.warmup_share * steps)
    fall = (steps - step) / max(1.0, recipe.cooldown_share * steps)
    return recipe.learning_rate * min(1.0, rise, fall)


def compile_trainer(trainer: Trainer) -> None:
    """Give it its optimizer, which keeps the average of the weights, too."""
    recipe = trainer.recipe
    if recipe.bfloat16 and keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        # A graph rewrite: weights and sums stay float32, convolutions are bfloat16.
        tf.config.optimizer.set_experimental_options({"auto_mixed_precision_onednn_bfloat16": True})
    trainer.compile(
        keras.optimizers.Adam(
            recipe.learning_rate,
            global_clipnorm=recipe.clip_norm,
            use_ema=True,
            ema_momentum=recipe.ema,
        ),
        jit_compile=False,  # XLA is slower on CPUs
    )


def train(
    trainer: Trainer,
    photos: View,
    held_back: NDArray[np.uint8],
    bank: StyleBank,
    checkpoints: Checkpoints,
    watch: Watch,
) -> list[dict]:
    """Train to the end of the recipe, from the last checkpoint on; the averaged weights stay.

    `photos` and `held_back` are uint8 [N, side, side, 3]. What each epoch gave comes back.
    """
    recipe = trainer.recipe
    compile_trainer(trainer)
    trainer.optimizer.build(trainer.trainable_variables)
    last = checkpoints.latest()
    first_step = restore(trainer, last) if last else 0
    history: list[dict] = last.state["history"] if last else []
    steps = recipe.samples // recipe.batch_size
    every = max(1, recipe.samples_per_checkpoint // recipe.batch_size)
    per_epoch = max(1, recipe.samples_per_epoch // recipe.batch_size)

    batches = training_batches(photos, bank, recipe, first_step)
    for step, batch in enumerate(prefetch(batches), start=first_step + 1):
        trainer.optimizer.learning_rate = learning_rate(recipe, step - 1)
        trainer.train_on_batch(batch)
        watch.on_step(step, steps)
        ends = step == steps
        if step % every == 0 or step % per_epoch == 0 or ends:
            values = trainer.tell()
            watch.on_checkpoint(step, values)
            if step % per_epoch == 0 or ends:
                trained = averaged(trainer)
                found, pictures = validate(trainer, held_back, bank)
                if not ends:
                    assign(trainer, trained)
                history.append({"step": step, **values, **found})
                watch.on_epoch(step, found, pictures)
            if not ends:
                state = {"history": history, "recipe": dataclasses.asdict(recipe)}
                checkpoints.save(step, arrays(trainer), state)
    if first_step >= steps:
        averaged(trainer)
    return history


def validate(
    trainer: Trainer, held_back: NDArray[np.uint8], bank: StyleBank
) -> tuple[dict[str, float], NDArray[np.uint8]]:
    """The measures on the held-back pairs, and the pictures, uint8 [N, S, S, 3]."""
    contents, rows = validation_pairs(held_back, bank, trainer.recipe)
    pictures = []
    size = trainer.recipe.batch_size
    trainer.tell()
    for start in range(0, len(rows), size):
        part = slice(start, start + size)
        batch: Batch = batch_of(contents[part], rows[part], bank, trainer.recipe)
        trainer.test_on_batch(batch)
        painted = np.asarray(ops.convert_to_numpy(trainer.predict_on_batch(batch)))
        pictures.append(np.rint(np.clip(painted, 0, 1) * 255).astype(np.uint8))
    values = trainer.tell()
    del values["own"]
    return {f"validation_{name}": value for name, value in values.items()}, np.concatenate(pictures)


def averaged(trainer: Trainer) -> list[NDArray]:
    """Put the averaged weights into the networks; the trained ones come back."""
    variables = trainer.trainable_variables
    trained = [np.array(ops.convert_to_numpy(variable)) for variable in variables]
    trainer.optimizer.finalize_variable_values(variables)
    return trained


def assign(trainer: Trainer, values: list[NDArray]) -> None:
    """Set the trainable weights."""
    for variable, value in zip(trainer.trainable_variables, values, strict=True):
        variable.assign(value)


def arrays(trainer: Trainer) -> dict[str, NDArray]:
    """Everything a run needs to go on, by name."""
    groups = {"weights": trainer.trainable_variables, "optimizer": trainer.optimizer.variables}
    return {
        f"{group}/{index}": np.asarray(ops.convert_to_numpy(variable))
        for group, variables in groups.items()
        for index, variable in enumerate(variables)
    }


def restore(trainer: Trainer, checkpoint: Checkpoint) -> int:
    """Set what `arrays` told; the number of steps done comes back."""
    for name in arrays(trainer):
        group, _, index = name.partition("/")
        variables = (
            trainer.trainable_variables if group == "weights" else trainer.optimizer.variables
        )
        variables[int(index)].assign(checkpoint.arrays[name])
    return checkpoint.step
