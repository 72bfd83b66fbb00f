"""Runs a command to its end, in a process of its own."""

import os
import subprocess
from collections.abc import Sequence

from bench.report import CannotMeasure


def output_of(command: Sequence[str], failure: str) -> str:
    """What `command` prints, with TensorFlow's log off.

    Raises CannotMeasure if it fails: `failure`, then the last line of its stderr.
    """
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        raise CannotMeasure(f"{failure}: {last}")
    return done.stdout
