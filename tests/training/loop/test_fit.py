"""The loop is any model's: it keeps the best, ends early, stops when asked, and goes on."""

import csv
import itertools
import threading
from pathlib import Path

import keras
import numpy as np
import pytest

from training.loop.checkpoints import Checkpoints
from training.loop.fit import fit, prefetch
from training.loop.run import DivergedError, Plan, ResumeError
from training.loop.watch import Watch
from training.publishing.report import print_published
from training.publishing.version_folder import VersionFolder

PLAN = Plan(steps=20, steps_per_evaluation=5, patience=0, ema=0.9)


def line() -> keras.Model:
    """No convolution, no photo, the same every time; dropout has a random state of its own."""
    keras.utils.set_random_seed(3)
    layers = [keras.layers.Dense(8), keras.layers.Dropout(0.2, seed=5), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((4,)), *layers])
    rate = keras.optimizers.schedules.CosineDecay(0.05, 20)
    model.compile(keras.optimizers.AdamW(rate), loss="mse")
    return model


def make_batch(step: int):
    rng = np.random.default_rng(step)
    x = rng.normal(size=(16, 4)).astype(np.float32)
    return x, x.sum(axis=1, keepdims=True)


def validation_of(model):
    x, y = make_batch(10_000)
    return lambda: float(np.square(keras.ops.convert_to_numpy(model(x, training=False)) - y).mean())


def weights(model) -> list[np.ndarray]:
    return [np.array(keras.ops.convert_to_numpy(w)) for w in model.weights]


def told_steps(folder: Path) -> list[str]:
    with (folder / "journal.csv").open() as file:
        return [row["step"] for row in csv.DictReader(file)]


def test_ends_early_when_nothing_gets_better():
    model = line()
    values = itertools.chain([5.0, 4.0, 3.0], itertools.repeat(3.5))
    plan = Plan(steps=1000, steps_per_evaluation=2, patience=3, ema=0.9)
    state = fit(model, make_batch, lambda: next(values), plan)
    # The start gave 5, looks 1 and 2 were better, and three in a row were not.
    assert (state.step, state.finished, state.best) == (10, True, 3.0)
    assert state.improved


def test_a_run_that_never_gets_better_than_its_start_ends_with_it_and_says_so(capsys, tmp_path):
    model, values = line(), itertools.chain([5.0], itertools.repeat(5.5))
    start = weights(model)
    state = fit(model, make_batch, lambda: next(values), PLAN)
    assert all(map(np.array_equal, weights(model), start))
    assert (state.finished, state.improved) == (True, False)
    print_published(VersionFolder(tmp_path, 3), state)
    assert "it has the weights that the run started from" in capsys.readouterr().out


def test_a_loss_that_is_no_number_ends_the_run(tmp_path):
    def broken(step):
        x, y = make_batch(step)
        return x, y * (np.nan if step == 7 else 1)

    model, kept = line(), Checkpoints(tmp_path)
    with pytest.raises(DivergedError, match="step 8: a lower --learning-rate"):
        fit(model, broken, validation_of(model), PLAN, checkpoints=kept)
    assert kept.latest().step == 5


class Dies(Watch):
    """Ends the run like an error would, after a step."""

    def __init__(self, at: int):
        self.at = at

    def on_step(self, step, steps, loss):
        if step == self.at:
            raise ZeroDivisionError


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that nothing interrupts, its model's weights and its journal."""
    folder = tmp_path_factory.mktemp("whole")
    model = line()
    state = fit(model, make_batch, validation_of(model), PLAN, journal=folder)
    return state, weights(model), folder


def test_learns_and_ends_with_the_best_weights(whole):
    state, best, _ = whole
    losses = [look["validation_loss"] for look in state.history]
    assert (state.step, state.finished, len(losses)) == (20, True, 4)
    assert losses[-1] < 0.5 * losses[0]
    assert state.best == min(losses)
    model = line()
    model.set_weights(best)
    assert validation_of(model)() == pytest.approx(state.best, rel=1e-5)


@pytest.mark.parametrize("at", [3, 8, 20])
def test_resumed_run_ends_the_same(whole, tmp_path, at):
    expected, best, journal = whole
    kept = Checkpoints(tmp_path / "kept")
    died, resumed = line(), line()
    with pytest.raises(ZeroDivisionError):
        fit(died, make_batch, validation_of(died), PLAN, checkpoints=kept, watch=Dies(at),
            journal=tmp_path)  # fmt: skip
    # Another start: weights and random state are those of the checkpoint, not these.
    resumed.set_weights([w + 1 for w in resumed.get_weights()])
    if at <= PLAN.steps_per_evaluation:  # no checkpoint yet: the same start is all there is
        resumed = line()
    state = fit(
        resumed, make_batch, validation_of(resumed), PLAN, checkpoints=kept, journal=tmp_path
    )
    for one, other in zip(best, weights(resumed), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    for row, other in zip(state.history, expected.history, strict=True):
        assert row == pytest.approx(other, rel=1e-5)
    assert told_steps(tmp_path) == told_steps(journal)


def test_stops_on_request_and_resumes(whole, tmp_path):
    stop = iter([False] * 7 + [True])
    kept = Checkpoints(tmp_path)
    model = line()
    state = fit(
        model, make_batch, validation_of(model), PLAN, checkpoints=kept, stop=lambda: next(stop)
    )
    assert (state.step, state.finished, kept.latest().step) == (8, False, 8)
    model = line()
    assert fit(model, make_batch, validation_of(model), PLAN, checkpoints=kept).finished
    for one, other in zip(whole[1], weights(model), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)

    def none_left(step):
        raise AssertionError("a finished run asks for no batch")

    again = line()
    state = fit(again, none_left, validation_of(again), PLAN, checkpoints=kept)
    assert (state.step, state.finished) == (20, True)
    np.testing.assert_array_equal(weights(model)[0], weights(again)[0])


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    kept = Checkpoints(tmp_path)
    kept.save(5, {"model/0000": np.zeros(3, np.float32)}, {})
    model = line()
    with pytest.raises(ResumeError, match="another network"):
        fit(model, make_batch, validation_of(model), PLAN, checkpoints=kept)


def test_batches_come_in_order_and_are_made_ahead():
    made = []
    ready = threading.Event()

    def make(step):
        made.append(step)
        if len(made) >= 4:
            ready.set()
        return step, None

    batches = prefetch(make, range(3, 40))
    assert next(batches)[0] == 3
    assert ready.wait(60)
    assert [step for step, _ in batches] == list(range(4, 40))
    assert sorted(made) == list(range(3, 40))


def test_an_error_while_making_batches_is_raised_in_the_loop():
    def broken(step):
        if step == 1:
            raise MemoryError("no room")
        return step, None

    batches = prefetch(broken, range(5))
    next(batches)
    with pytest.raises(MemoryError, match="no room"):
        next(batches)
