"""Our end of the process that runs the network alone."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from bench.report import CannotMeasure


class NetworkAlone:
    """The network of a model in a process of its own, called in process there."""

    def __init__(self, process: subprocess.Popen[bytes], notes: IO[bytes]):
        """`notes` is where the process writes its standard error."""
        self._process = process
        self._notes = notes

    def run(self, l_png: bytes) -> float:
        """Seconds that the signature `packed` takes for one L* picture, an 8-bit gray PNG."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"%d\n" % len(l_png) + l_png)
        self._process.stdin.flush()
        return float(self._answer()["seconds"])

    def wait_until_ready(self) -> None:
        """Raises CannotMeasure if the model cannot be loaded or has no `packed`."""
        answer = self._answer()
        if "error" in answer:
            raise CannotMeasure(answer["error"])

    def _answer(self) -> dict[str, str]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._notes.seek(0)
            last = self._notes.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
            raise CannotMeasure(f"the process that runs the network alone ended: {last}")
        answer: dict[str, str] = json.loads(line)
        return answer


@contextmanager
def network_alone(model: Path) -> Iterator[NetworkAlone]:
    """Run the network's process; call `wait_until_ready` before `run`."""
    with tempfile.TemporaryFile() as notes:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.network_process", str(model)],
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
