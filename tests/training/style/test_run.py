"""`python -m training style` from its flags to a published version, killed on the way."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.training.style.conftest import TINY, smooth
from training.cli import main
from training.publishing.weights import load_weights
from training.style.network import stylizer

pytestmark = pytest.mark.long(1)

ROOT = Path(__file__).resolve().parents[3]


def _text(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def flags(**values: object) -> list[str]:
    settings = {**TINY, "train_style_network": True, **values}
    return [
        part
        for name, value in settings.items()
        for part in (f"--{name.replace('_', '-')}", _text(value))
    ]


@pytest.fixture
def arguments(photos_folder, styles_folder, vgg_weights, tmp_path) -> list[str]:
    return [
        "style",
        *("--photos", str(photos_folder)),
        *("--styles", str(styles_folder)),
        *("--vgg-weights", str(vgg_weights)),
        *("--export-root", str(tmp_path / "out")),
        *("--cache-dir", str(tmp_path / "cache")),
    ]


@pytest.mark.slow
def test_it_trains_and_publishes(arguments, tiny_recipe, tmp_path, capsys):
    import tensorflow as tf

    assert main([*arguments, *flags()]) == 0
    out = tmp_path / "out"
    assert {path.name for path in out.iterdir()} == {"1", "v1"}
    names = {path.name for path in (out / "v1").iterdir()}
    assert names == {"1", "contact-sheet.png", "training.json", "journal"}
    record = json.loads((out / "v1" / "training.json").read_text())
    assert record["recipe"]["width"] == TINY["width"]
    assert [epoch["step"] for epoch in record["history"]] == [4, 8]
    assert not [name for name in (*record["photos"], *record["styles"]) if "/" in name]

    # The published graph is the network with the weights that are read back from it.
    style_network, transformer = stylizer(tiny_recipe)
    load_weights(out / "v1", style_network, transformer)
    photo, style = (smooth(seed, 256)[None].astype(np.float32) / 255 for seed in (0, 1))
    model = tf.saved_model.load(str(out / "1"))
    painted = model.signatures["serving_default"](
        placeholder=tf.constant(photo), placeholder_1=tf.constant(style)
    )["output_0"]
    np.testing.assert_allclose(
        painted, transformer([photo, np.asarray(style_network(style))]), atol=0.02
    )

    assert main([*arguments, *flags()]) == 0
    assert "already published" in capsys.readouterr().out
    # From these weights another run starts, with the style network as it is.
    weights = ["--weights", str(out / "v1")]
    assert main([*arguments, *weights, *flags(train_style_network=False, samples=4)]) == 0
    assert json.loads((out / "v2" / "training.json").read_text())["started_from"] == "v1"


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        (["--samples", "3"], "samples (3) must be at least batch_size"),
        (["--train-style-network", "no"], "name --weights or --start-from"),
        (["--vgg-weights", "missing.npz"], "cannot read the VGG-19 weights missing.npz"),
        (["--styles", "missing.zip"], "missing.zip does not exist"),
        (["--start-from", "missing.whl"], "cannot start from missing.whl"),
        (["--weights", "missing"], "cannot read the weights: no SavedModel in missing"),
    ],
)
def test_invalid_arguments_are_one_line(arguments, tmp_path, capsys, extra, expected):
    assert main([*arguments, *flags(), *extra]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert expected in lines[-1] and lines[-1].startswith("python -m training: ")
    assert not list((tmp_path / "out").glob("v*"))


@pytest.mark.slow
def test_killed_run_resumes_from_the_last_checkpoint(arguments, tmp_path):
    command = [sys.executable, "-m", "training", *arguments, *flags(samples=400)]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    checkpoints = tmp_path / "out" / ".checkpoints" / "v1"
    with (tmp_path / "log").open("w") as file:
        first = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=file, stderr=file)
        deadline = time.monotonic() + 300
        # The first look writes the first checkpoint.
        while not list(checkpoints.glob("step-*.npz")):
            log = (tmp_path / "log").read_text()
            assert first.poll() is None and time.monotonic() < deadline, log
            time.sleep(0.05)
        first.kill()
        first.wait()
    assert not (tmp_path / "out" / "v1").exists()

    second = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert second.returncode == 0, second.stderr
    assert "going on from the checkpoint" in second.stderr
    assert (tmp_path / "out" / "1" / "saved_model.pb").exists()
    assert not checkpoints.exists()
