"""The model server imports of TensorFlow what it needs, and all of it where that is needed."""

import subprocess
import sys

import pytest

from tests.serving.server_process import ROOT
from tests.serving.small_models import write_version

LOAD = """
import sys
from pathlib import Path

import numpy as np

from serving.loading import Loader

loaded = Loader()(Path(sys.argv[1]), 3)
print(loaded.signature("")({"x": np.ones(1, np.float32)})["y"].tolist(), "keras" in sys.modules)
"""


@pytest.mark.parametrize(("plugins", "whole"), [(False, False), (True, True)])
def test_keras_is_imported_only_beside_plugins(tmp_path, plugins, whole):
    model = write_version(tmp_path, 3)
    if plugins:
        (tmp_path / "site" / "tensorflow-plugins").mkdir(parents=True)
    done = subprocess.run(
        [sys.executable, "-c", LOAD, str(model)],
        cwd=ROOT,
        env={"PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["[4.0]", str(whole)], done.stderr


COUNT_THREADS = """
import os
import sys
from pathlib import Path

from serving.loading import Loader

Loader(intra_op=int(sys.argv[2]), inter_op=1)(Path(sys.argv[1]), 3)
print(len(os.listdir("/proc/self/task")))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads in /proc")
def test_an_op_has_the_threads_that_were_asked_for(tmp_path):
    model = write_version(tmp_path, 3)

    def threads(intra_op: int) -> int:
        command = [sys.executable, "-c", COUNT_THREADS, str(model), str(intra_op)]
        return int(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)

    assert threads(9) - threads(2) == 7
