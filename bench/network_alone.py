"""Controls the process that runs the network alone (bench.network_process)."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from bench.closed_loop import Loop
from bench.cores import Cores
from bench.report import CannotMeasure


class NetworkAlone:
    """The network of a model in a process of its own, called in process there."""

    def __init__(self, process: subprocess.Popen[bytes], notes: IO[bytes]):
        """`notes` is where the process writes its standard error."""
        self._process = process
        self._notes = notes

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def packed(self, l_png: bytes, **loop: int) -> Loop:
        """Call the signature `packed` with one L* picture, an 8-bit gray PNG. `loop` is `callers`,
        `calls` of each, `untimed` ones before, and the `batch` of a call.
        """
        return self._loop(l_png, what="packed", **loop)

    def serving_default(self, lightness: NDArray[np.float32], **loop: int) -> Loop:
        """Call the signature `serving_default` with L*, [N,H,W,1] in 0…100."""
        data, shape = lightness.tobytes(), lightness.shape
        return self._loop(data, what="serving_default", shape=shape, **loop)

    def photo(self, photo: bytes, **loop: int) -> Loop:
        """Make of a photo's file the file of the colored one, a PNG: all that the service does."""
        return self._loop(photo, what="photo", **loop)

    def _loop(self, data: bytes, **order: Any) -> Loop:
        assert self._process.stdin is not None
        order = {"callers": 1, "calls": 1, "untimed": 0, "batch": 1, **order, "bytes": len(data)}
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.write(data)
        self._process.stdin.flush()
        return Loop(**self._answer())

    def wait_until_ready(self) -> None:
        """Raises CannotMeasure if the model cannot be loaded or has no `packed`."""
        answer = self._answer()
        if "error" in answer:
            raise CannotMeasure(answer["error"])

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._notes.seek(0)
            last = self._notes.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
            raise CannotMeasure(f"the process that runs the network alone ended: {last}")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def network_alone(model: Path, cores: Cores | None = None) -> Iterator[NetworkAlone]:
    """Run the network's process, on the measured core; call `wait_until_ready` before the rest."""
    command: tuple[str, ...] = (sys.executable, "-m", "bench.network_process", str(model))
    if cores:
        command = cores.command(*command)
    with tempfile.TemporaryFile() as notes:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=notes,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        try:
            yield NetworkAlone(process, notes)
        finally:
            process.kill()
            process.communicate()
