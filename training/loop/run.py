"""Where a training run stands: the weights, their average, the best ones, and the numbers.

All of it can be taken apart into arrays and JSON values, kept, and put together again.
"""

import dataclasses
from collections.abc import Callable

import keras
import numpy as np
from numpy.typing import NDArray

from training.loop.checkpoints import Checkpoint
from training.loop.workers import Workers
from training.program.errors import CommandError, UsageError

Weights = list[NDArray[np.float32]]
Pictures = dict[str, NDArray[np.uint8]]


class ResumeError(UsageError):
    """The checkpoint does not fit the model; the message says what to do, in one line."""


class DivergedError(CommandError):
    """The loss is no number any more; the message says so, in one line."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """How long a run goes on, and what it does on the way."""

    steps: int
    steps_per_evaluation: int  # between two evaluations
    patience: int  # evaluations without a new best before it ends early; 0: never
    ema: float  # decay, per step, of the average of the weights that is validated and kept
    checkpoint_every_s: float = 300.0  # beside the one after each evaluation


@dataclasses.dataclass
class State:
    """Where a run stands; JSON values. The arrays are the model's, the optimizer's, the average."""

    step: int = 0
    loss: float = 0.0  # on batches, running
    best: float = float("inf")  # validation loss
    looks_since_best: int = 0
    finished: bool = False
    seconds: float = 0.0  # of training, over all starts
    history: list[dict] = dataclasses.field(default_factory=list)  # one row an evaluation

    @property
    def improved(self) -> bool:
        """Whether any evaluation was better than that of the weights that the run started from."""
        return self.looks_since_best < len(self.history)


class Run:
    """The model, its averaged weights and the best ones, and where the run stands."""

    def __init__(self, model: keras.Model, plan: Plan):
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)
        self.state = State()
        self.best: Weights = []  # every variable of the model, averaged weights among them
        self._model = model
        self._plan = plan
        self._average = Average(model.trainable_variables, plan.ema)

    def steps_left(self) -> range:
        """The numbers of the batches that are still to come."""
        return range(self.state.step, self.state.step if self.state.finished else self._plan.steps)

    def record_step(self, loss: float) -> None:
        """Record a step. Raises DivergedError if its loss is not a number."""
        self.state.step += 1
        if not np.isfinite(loss):
            raise DivergedError(
                f"the loss is {loss} at step {self.state.step}: a lower --learning-rate helps"
            )
        self.state.loss += (loss - self.state.loss) * max(0.01, 1.0 / self.state.step)
        self._average.update(self.state.step)

    def learning_rate(self) -> float:
        """That of the next step."""
        return float(keras.ops.convert_to_numpy(self._model.optimizer.learning_rate))

    def evaluate(
        self, validate: Callable[[], float], pictures: Callable[[], Pictures]
    ) -> tuple[bool, Pictures]:
        """Validate the averaged weights; whether they are the best so far, and pictures by them."""
        variables = self._model.trainable_variables
        trained = snapshot(variables)
        assign(variables, self._average.weights())
        loss, shown = validate(), pictures()
        if improved := loss < self.state.best:
            self.state.best, self.best = loss, snapshot(self._model.variables)
        assign(variables, trained)
        self.state.looks_since_best = 0 if improved else self.state.looks_since_best + 1
        self.state.history.append(
            {
                "epoch": -(-self.state.step // self._plan.steps_per_evaluation),
                "step": self.state.step,
                "loss": self.state.loss,
                "validation_loss": loss,
            }
        )
        return improved, shown

    def arrays(self) -> dict[str, NDArray]:
        """Every number of the run that is not in `state`, by a name."""
        groups = {
            "model": snapshot(self._model.variables),
            "optimizer": snapshot(self._model.optimizer.variables),
            "average": self._average.weights(),
            "best": self.best,
        }
        return {f"{name}/{i:04d}": a for name, group in groups.items() for i, a in enumerate(group)}

    def restore(self, found: Checkpoint) -> None:
        """Go back to a checkpoint. Raises ResumeError where it is of another model."""
        self.best = snapshot(self._model.variables)  # of the right shapes
        fits = {name: array.shape for name, array in self.arrays().items()}
        if fits != {name: array.shape for name, array in found.arrays.items()}:
            raise ResumeError(
                "the checkpoint is of another network or optimizer: drop it with --start-over"
            )

        def group(name: str) -> list[NDArray]:
            return [found.arrays[key] for key in sorted(fits) if key.startswith(f"{name}/")]

        assign(self._model.variables, group("model"))
        assign(self._model.optimizer.variables, group("optimizer"))
        self._average.assign(group("average"))
        self.best = group("best")
        for field, value in found.state.items():
            setattr(self.state, field, value)
        self.state.step = found.step

    def broadcast(self, workers: Workers) -> None:
        """Bring every worker to where worker 0 stands."""
        if workers.count == 1:
            return
        variables = [*self._model.variables, *self._model.optimizer.variables]
        place = np.array([self.state.step, self.state.finished], np.int64)
        place, *values = workers.broadcast([place, *snapshot(variables)])
        assign(variables, values)
        self.state.step, self.state.finished = int(place[0]), bool(place[1])


class Average:
    """Exponential moving average of variables (Polyak averaging)."""

    def __init__(self, variables: list[keras.Variable], decay: float):
        self._variables = variables
        self._decay = decay
        self._average = [keras.ops.copy(variable) for variable in variables]

    def update(self, step: int) -> None:
        """Take the present values, those after `step` steps, into the average."""
        # Early on the average follows quickly, or it would remember the start for too long.
        decay = min(self._decay, step / (step + 10.0))
        self._average = [
            average * decay + variable * (1.0 - decay)
            for average, variable in zip(self._average, self._variables, strict=True)
        ]

    def weights(self) -> Weights:
        """The average as NumPy arrays, in the order of the variables."""
        return [np.asarray(keras.ops.convert_to_numpy(array)) for array in self._average]

    def assign(self, arrays: Weights) -> None:
        """Go on from an average that was kept."""
        self._average = [keras.ops.convert_to_tensor(array) for array in arrays]


def snapshot(variables: list[keras.Variable]) -> Weights:
    """Copies of the values, as NumPy arrays."""
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]


def assign(variables: list[keras.Variable], values: Weights) -> None:
    """Set the values."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
