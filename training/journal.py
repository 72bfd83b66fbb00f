"""What a run tells while it goes: a CSV for programs, TensorBoard for people.

`journal.csv` has one row for each step that something was told of. Beside it stand TensorBoard's
event files, written by tensorboardX, so that a machine with JAX or PyTorch and no TensorFlow writes
them too:

    tensorboard --logdir FOLDER
"""

import csv
import itertools
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO

import numpy as np
from numpy.typing import NDArray
from tensorboardX import SummaryWriter

from training.files import write_then_rename

CSV = "journal.csv"
FLUSH_EVERY_S = 10

_serial = itertools.count()  # two journals of one process and second need two names


class Journal:
    """Scalars and pictures of one run, in `folder`; a context manager.

    A run that is resumed at `step` goes on where that checkpoint stood: what was told of later
    steps is dropped from the CSV, and TensorBoard is told to forget it.
    """

    def __init__(self, folder: Path, step: int = 0):
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / CSV
        rows = [row for row in _read(self._path) if int(row["step"]) <= step]
        self._columns = list(rows[0]) if rows else ["step"]
        self._write_all(rows)
        self._events = SummaryWriter(
            str(folder),
            purge_step=step + 1,
            flush_secs=FLUSH_EVERY_S,
            filename_suffix=f".{os.getpid()}.{next(_serial)}",
        )

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Tell numbers by name; `group/name` puts them into TensorBoard's groups."""
        if new := [name for name in values if name not in self._columns]:
            # Rare, a new kind of number: the file is written anew with a column more.
            self._columns += new
            self._write_all(_read(self._path))
        with self._path.open("a", newline="") as file:
            self._writer(file).writerow({"step": step, **values})
        for name, value in values.items():
            self._events.add_scalar(name, value, step)

    def pictures(self, step: int, pictures: Mapping[str, NDArray[np.uint8]]) -> None:
        """Show pictures by name, uint8 sRGB [H, W, 3]; in TensorBoard only."""
        for name, picture in pictures.items():
            self._events.add_image(name, picture, step, dataformats="HWC")

    def flush(self) -> None:
        """Write out what is still in memory: before a checkpoint, so that no step is untold."""
        self._events.flush()

    def close(self) -> None:
        """Write out everything and let go of the files."""
        self._events.close()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _writer(self, file: IO[str]) -> csv.DictWriter:
        return csv.DictWriter(file, self._columns, restval="", lineterminator="\n")

    def _write_all(self, rows: list[dict[str, str]]) -> None:
        with write_then_rename(self._path) as scratch, scratch.open("w", newline="") as file:
            writer = self._writer(file)
            writer.writeheader()
            writer.writerows(rows)


def _read(path: Path) -> list[dict[str, str]]:
    """The rows of a journal, without a last one that a kill cut short."""
    if not path.exists():
        return []
    lines = path.read_text().splitlines(keepends=True)
    whole = [line for line in lines if line.endswith("\n")]
    return list(csv.DictReader(whole))
