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
