"""Checkpoints of a run: whole or not there, whatever kills the run while it writes one.

One file each, `step-N.npz`: NumPy arrays and, beside them in the same archive, `state.json`. It
knows nothing of a network, so that any training on any Keras backend can keep its state in it.
"""

import contextlib
import dataclasses
import json
import re
import shutil
import sys
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.program.files import flush_folder, write_then_rename

STATE = "state.json"


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """What a run was after `step` steps: its arrays, and its numbers as JSON values."""

    step: int
    arrays: dict[str, NDArray]
    state: dict


def _notice(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Checkpoints:
    """The last `keep` checkpoints in `folder`, which belongs to one run.

    `notice` gets a line for each checkpoint that cannot be read.
    """

    def __init__(self, folder: Path, keep: int = 2, notice: Callable[[str], None] = _notice):
        if keep < 1:
            raise ValueError(f"keep must be at least 1, not {keep}")
        self.folder = folder
        self._keep = keep
        self._notice = notice

    def save(self, step: int, arrays: Mapping[str, NDArray], state: dict) -> Path:
        """Write a checkpoint and remove all but the last `keep`.

        `state` holds what JSON can say. Raises OSError where the disk refuses (the checkpoints of
        before still stand then) and ValueError for an array of a type that NumPy lacks.
        """
        for name, array in arrays.items():
            if array.dtype.kind == "V":  # .npy would forget what they are
                raise ValueError(f"cannot keep {name} as {array.dtype}: make it float32")
        path = self.folder / f"step-{step}.npz"
        for leftover in self.folder.glob(".step-*"):  # of a run that was killed while it wrote
            leftover.unlink()
        with write_then_rename(path) as scratch:
            with scratch.open("wb") as file:
                # Uncompressed: floats hardly shrink, and training waits.
                np.savez(file, allow_pickle=False, **arrays)
            with zipfile.ZipFile(scratch, "a") as archive:
                archive.writestr(STATE, json.dumps({"step": step, **state}))
        # Not before the new one is on the disk may an old one go.
        flush_folder(self.folder)
        for old in self._paths()[self._keep :]:
            old.unlink()
        return path

    def latest(self) -> Checkpoint | None:
        """The newest checkpoint that is whole; None where there is none."""
        for path in self._paths():
            try:
                return _read(path)
            # What zipfile, NumPy and json make of a file that a dying disk cut short or changed.
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as why:
                self._notice(f"the checkpoint {path} is broken and left out: {why}")
        return None

    def remove(self) -> None:
        """Remove the folder with every checkpoint in it, and the folder above if it is empty."""
        shutil.rmtree(self.folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # not empty, or not there
            self.folder.parent.rmdir()

    def _paths(self) -> list[Path]:
        """The checkpoints' files, newest first."""
        steps = {}
        for path in self.folder.glob("step-*.npz"):
            if number := re.fullmatch(r"step-(\d+)\.npz", path.name):
                steps[int(number[1])] = path
        return [steps[step] for step in sorted(steps, reverse=True)]


def _read(path: Path) -> Checkpoint:
    # Opened here: of a broken file NumPy forgets to close its own.
    with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        # Every member is read, and with that its checksum compared.
        arrays = {name: archive[name] for name in archive.files if name != STATE}
        state = json.loads(archive[STATE])
    return Checkpoint(state.pop("step"), arrays, state)
