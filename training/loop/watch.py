"""Callbacks of a run: silent, or progress on standard error."""

from training.program.progress import Progress


class Watch:
    """The callbacks of a run; those of this class do nothing."""

    def on_resume(self, step: int) -> None:
        """A checkpoint was found: the next step is the one after `step`."""

    def on_step(self, step: int, steps: int, loss: float) -> None:
        """`step` of `steps` are done; `loss` is the running one."""

    def on_evaluation(self, row: dict, best: bool) -> None:
        """An evaluation: its row of the history, and whether it is the best so far."""


class ProgressWatch(Watch):
    """Prints how far the training is."""

    def __init__(self, batch_size: int):
        self._batch = batch_size
        self._progress = Progress("training", "samples")

    def on_resume(self, step: int) -> None:
        """Print that a checkpoint was found."""
        self._progress = Progress("training", "samples", start=step * self._batch)
        self._progress.line(f"going on from the checkpoint at {step * self._batch:,} samples")

    def on_step(self, step: int, steps: int, loss: float) -> None:
        """Print the samples, their rate and the time left."""
        self._progress(step * self._batch, steps * self._batch, f"loss {loss:.5f}")

    def on_evaluation(self, row: dict, best: bool) -> None:
        """Print the losses."""
        losses = f"loss {row['loss']:.5f}, validation {row['validation_loss']:.5f}"
        self._progress.line(f"epoch {row['epoch']}: {losses}{', the best so far' * best}")
