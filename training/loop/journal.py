"""The journal of a run: a CSV for programs, TensorBoard for people.

`journal.csv` has one row for each step with a value. Beside it stand TensorBoard's
event files, written by tensorboardX, so that a machine with JAX or PyTorch and no TensorFlow writes
them too:

    tensorboard --logdir FOLDER
"""

import csv
import itertools
import os
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO

import numpy as np
from numpy.typing import NDArray
from tensorboardX import summary
from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto.event_pb2 import Event, SessionLog

from training.program.files import write_then_rename

CSV = "journal.csv"

_serial = itertools.count()  # two journals of one process and second need two names


class Journal:
    """Scalars and pictures of one run, in `folder`; a context manager.

    A run that is resumed at `step` goes on where that checkpoint stood: what was recorded of later
    steps is dropped from the CSV, and TensorBoard is made to ignore it. Every method raises OSError
    where the disk refuses.
    """

    def __init__(self, folder: Path, step: int = 0):
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / CSV
        rows = [row for row in _read(self._path) if int(row["step"]) <= step]
        self._columns = list(rows[0]) if rows else ["step"]
        self._write_all(rows)
        # Not tensorboardX's SummaryWriter: its thread dies of a full disk, and the run then waits
        # for that thread for ever.
        suffix = f".{os.getpid()}.{next(_serial)}"
        self._events = EventsWriter(str(folder / "events"), suffix)
        if step:
            start = SessionLog(status=SessionLog.START)
            self._write(step + 1, session_log=start)

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Tell numbers by name; `group/name` puts them into TensorBoard's groups."""
        if new := [name for name in values if name not in self._columns]:
            # Rare, a new kind of number: the file is written anew with a column more.
            self._columns += new
            self._write_all(_read(self._path))
        with self._path.open("a", newline="") as file:
            self._writer(file).writerow({"step": step, **values})
        for name, value in values.items():
            self._write(step, summary=summary.scalar(name, value))
        self._events.flush()

    def pictures(self, step: int, pictures: Mapping[str, NDArray[np.uint8]]) -> None:
        """Show pictures by name, uint8 sRGB [H, W, 3]; in TensorBoard only."""
        for name, picture in pictures.items():
            self._write(step, summary=summary.image(name, picture, dataformats="HWC"))
        self._events.flush()

    def close(self) -> None:
        """Let go of the files."""
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

    def _write(self, step: int, **what: object) -> None:
        self._events.write_event(Event(wall_time=time.time(), step=step, **what))

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
