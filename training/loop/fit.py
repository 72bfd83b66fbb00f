"""The training loop, for any compiled Keras model on any Keras backend: read it top to bottom.

It survives: killed at any moment and started again with the same arguments, it goes on from the
last checkpoint, and ends where it would have ended. For that, batch k must depend on k alone.
"""

import contextlib
import dataclasses
import os
import time
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import keras

from training.loop.checkpoints import Checkpoints
from training.loop.journal import Journal
from training.loop.run import Pictures, Plan, Run, State, assign, snapshot
from training.loop.watch import Watch
from training.loop.workers import SingleWorker, Workers

Batch = tuple[Any, Any]  # the model's input and what it is to give: arrays, or structures of arrays


def fit(
    model: keras.Model,
    make_batch: Callable[[int], Batch],
    validate: Callable[[], float],
    plan: Plan,
    *,
    workers: Workers | None = None,
    checkpoints: Checkpoints | None = None,
    journal: Path | None = None,
    pictures: Callable[[], Pictures] = dict,
    watch: Watch | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> State:
    """Train `model`, whose weights are the best averaged ones in the end, unless it was stopped.

    `make_batch(k)` makes this worker's part of batch k, 0...steps-1, in any thread. `validate`
    gives the loss of the model as it is then (smaller is better), `pictures` what it makes then of
    something to look at. `stop` is asked before every step: once it says so, a checkpoint is kept
    and the run returns with `finished` false. Raises OSError where the disk refuses,
    ResumeError where one does not fit, DivergedError, WorkerLostError.
    """
    workers, watch = workers or SingleWorker(), watch or Watch()
    leads = workers.rank == 0
    run = Run(model, plan)
    state = run.state
    if leads:
        if found := checkpoints.latest() if checkpoints else None:
            run.restore(found)
            watch.on_resume(state.step)
        else:
            state.best = validate()  # the weights of the start may stay the best ones
            run.best = snapshot(model.variables)
    run.broadcast(workers)

    log = Journal(journal, state.step) if journal and leads else None
    report_every = max(1, plan.steps_per_evaluation // 10)
    reported, saved = (state.step, time.monotonic()), time.monotonic()
    started = time.monotonic() - state.seconds

    with (
        contextlib.closing(prefetch(make_batch, run.steps_left())) as batches,
        log or contextlib.nullcontext(),
    ):
        for x, y in batches:
            loss, stopping = workers.step(model, x, y, stop())
            run.record_step(loss)
            watch.on_step(state.step, plan.steps, state.loss)
            if log and state.step % report_every == 0:
                now = time.monotonic()
                rate = (state.step - reported[0]) / (now - reported[1])
                reported = (state.step, now)
                numbers = {"learning_rate": run.learning_rate(), "steps_per_s": rate}
                log.scalars(state.step, {"loss": state.loss, **numbers})
            evaluating = state.step % plan.steps_per_evaluation == 0 or state.step == plan.steps
            if evaluating:
                if leads:
                    improved, shown = run.evaluate(validate, pictures if log else dict)
                    watch.on_evaluation(state.history[-1], improved)
                    if log:
                        log.scalars(
                            state.step, {"validation_loss": state.history[-1]["validation_loss"]}
                        )
                        log.pictures(state.step, shown)
                patience_ends = 0 < plan.patience <= state.looks_since_best
                state.finished = workers.any(patience_ends) or state.step == plan.steps
            overdue = time.monotonic() - saved > plan.checkpoint_every_s
            if checkpoints and leads and (evaluating or stopping or overdue):
                state.seconds = time.monotonic() - started
                checkpoints.save(state.step, run.arrays(), dataclasses.asdict(state))
                saved = time.monotonic()
            if stopping or state.finished:
                break
    state.seconds = time.monotonic() - started
    if state.finished and leads:
        assign(model.variables, run.best)
    return state


def prefetch(make_batch: Callable[[int], Batch], steps: range) -> Generator[Batch, None, None]:
    """The batches of `steps` in order, made in threads while the network computes.

    An error in such a thread is raised here.
    """
    threads = max(1, (os.cpu_count() or 2) // 2)
    ready: deque[Future] = deque()
    pool = ThreadPoolExecutor(threads)
    try:
        for step in steps:
            ready.append(pool.submit(make_batch, step))
            if len(ready) >= 2 * threads + 4:
                yield ready.popleft().result()
        while ready:
            yield ready.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
