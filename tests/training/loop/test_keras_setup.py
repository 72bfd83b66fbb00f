"""What a person has set for other programs does not break ours, or is one line."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def run(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KERAS_")}
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=240,
        cwd=ROOT,
        env={**kept, "HOME": str(home), **environment},
    )


def configure(home: Path, **values: object) -> None:
    (home / ".keras").mkdir()
    (home / ".keras" / "keras.json").write_text(json.dumps(values))


def test_layout_and_types_are_ours(tmp_path):
    configure(tmp_path, image_data_format="channels_first", floatx="float16", epsilon=0.1)
    script = "from training.loop.keras_setup import import_keras; import_keras(); import keras\n"
    script += "from keras import config, layers\n"
    script += "print(config.image_data_format(), config.floatx(), config.epsilon())\n"
    script += "print(layers.Conv2D(1, 1).data_format, layers.Dense(1).compute_dtype)\n"
    assert run(tmp_path, "-c", script).stdout.split() == [
        "channels_last", "float32", "1e-07", "channels_last", "float32",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "environment", "reason"),
    [
        ({"backend": "torch"}, {}, "No module named 'torch'"),
        ({}, {"KERAS_BACKEND": "numpy"}, "this program does not train on numpy"),
        ({"epsilon": "small"}, {}, "Keras cannot be used here"),
        ({}, {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cuda"}, "jax finds no device"),
    ],
)
def test_a_backend_that_cannot_be_used_is_one_line(values, environment, reason, tmp_path):
    if values.get("backend") == "torch" and not torch_is_missing():
        pytest.skip("PyTorch is installed")
    if "JAX_PLATFORMS" in environment:
        pytest.importorskip("jax")
    configure(tmp_path, **values)
    data = ["--data", "samples", "--export-root", str(tmp_path / "out")]
    done = run(tmp_path, "-m", "training", *data, **environment)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert reason in done.stderr


def test_a_backend_that_we_do_not_train_on_is_refused_where_it_is_installed(tmp_path):
    (tmp_path / "keras.py").write_text(
        "class backend:\n    backend = staticmethod(lambda: 'torch')"
    )
    data = ["--data", "samples", "--export-root", str(tmp_path / "out")]
    done = run(tmp_path, "-m", "training", *data, PYTHONPATH=str(tmp_path))
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "does not train on torch" in line
    assert "must be tensorflow or jax" in line


def torch_is_missing() -> bool:
    import importlib.util

    return importlib.util.find_spec("torch") is None


def test_a_flag_that_ends_tensorflow_is_named(tmp_path):
    done = run(tmp_path, "-m", "training", "evaluate", "m", "--data", "x", TF_XLA_FLAGS="--bogus")
    assert done.returncode != 0
    assert "--bogus" in done.stderr
