"""`python -m training hub`: from a folder, from the cache, and with no network."""

import hashlib
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.training.color.test_export import png
from tests.training.style.hub_model import write_hub_model
from training.cli import main
from training.style.hub_command import HANDLE

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("hub") / "model"
    write_hub_model(folder)
    return folder


@pytest.fixture(scope="module")
def published(unpacked, tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("published")
    assert main(["hub", str(unpacked), "--export-root", str(root)]) == 0
    return root


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def signatures(folder: Path) -> object:
    import tensorflow as tf

    model = tf.saved_model.load(str(folder))
    model.signatures.owner = model
    return model.signatures


def decoded(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image).astype(np.float32)


def test_a_folder_is_published_with_both_signatures(published):
    import tensorflow as tf

    names = {"fingerprint.pb", "saved_model.pb", "assets.extra", "variables"}
    assert {path.name for path in (published / "v1" / "1").iterdir()} <= names | {"assets"}
    assert (published / "1" / "saved_model.pb").exists()
    record = json.loads((published / "v1" / "training.json").read_text())
    assert record["source"] == "model"

    photo, style = picture(30, 41), picture(50, 20, 1)
    mean = style.mean(axis=(0, 1), keepdims=True)
    painted = 0.25 * photo + 0.75 * mean
    model = signatures(published / "1")
    floats = [tf.constant(x[None] / 255, tf.float32) for x in (photo, style)]
    answer = model["serving_default"](placeholder=floats[0], placeholder_1=floats[1])["output_0"]
    assert answer.shape == (1, 30, 41, 3)
    np.testing.assert_allclose(answer[0], painted / 255, atol=1e-5)

    strengths = (0.0, 0.5, 1.0)
    answer = model["packed"](
        content_bytes=[png(photo)] * 3, style_bytes=[png(style)] * 3, strength=strengths
    )
    assert answer["model"].numpy().tolist() == [b"style/v1"] * 3
    for strength, data in zip(strengths, answer["stylized_bytes"].numpy(), strict=True):
        expected = strength * painted + (1 - strength) * photo
        # The mean of the style is that of its 256x256 version.
        np.testing.assert_allclose(decoded(data), expected, atol=2.5)


def test_the_published_graph_has_no_variables(published):
    import tensorflow as tf

    assert not tf.train.list_variables(str(published / "1" / "variables" / "variables"))[1:]


def test_second_publication_does_nothing(unpacked, published, capsys):
    assert main(["hub", str(unpacked), "--export-root", str(published)]) == 0
    assert "already published" in capsys.readouterr().out


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "training", "hub", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_a_filled_cache_needs_no_network(unpacked, tmp_path):
    cached = tmp_path / "cache" / hashlib.sha1(HANDLE.encode()).hexdigest()
    cached.parent.mkdir()
    cached.symlink_to(unpacked)
    done = run("--export-root", str(tmp_path / "out"), TFHUB_CACHE_DIR=str(cached.parent))
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "out" / "v1" / "training.json").read_text())
    assert record["source"] == HANDLE
    assert signatures(tmp_path / "out" / "1")["packed"]


def test_without_a_network_one_line_says_what_to_do(tmp_path):
    started = time.monotonic()
    # A name that no name server knows, ever (RFC 2606).
    done = run(
        "https://hub.invalid/model/1",
        "--export-root",
        str(tmp_path),
        TFHUB_CACHE_DIR=str(tmp_path / "cache"),
    )
    assert done.returncode == 2
    assert time.monotonic() - started < 200  # most of it imports, on a loaded machine
    (line,) = done.stderr.splitlines()
    assert "cannot download https://hub.invalid/model/1" in line
    assert "TFHUB_CACHE_DIR" in line and "unpack" in line
    assert not list(tmp_path.glob("v*"))


@pytest.mark.parametrize("case", ["missing", "another"])
def test_invalid_style_model_is_one_line(case, tmp_path, color_model, capsys):
    source = {"missing": tmp_path / "nothing", "another": color_model / "1"}[case]
    assert main(["hub", str(source), "--export-root", str(tmp_path / "out")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    expected = {"missing": "no SavedModel in", "another": "is no style transfer model"}
    assert expected[case] in line
