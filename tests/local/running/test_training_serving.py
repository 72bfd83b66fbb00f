"""The article's training-serving, letter for letter: it trains, serves, answers; and once only."""

import io

import pytest
from PIL import Image

from tests.local.running_applications import ARTICLE
from tests.running import ROOT

pytestmark = pytest.mark.slow
QUICK = ("--args", "demo-training=--samples 64 --samples-per-epoch 32")


def test_trains_once_then_serves(up, tmp_path):
    file = ARTICLE / "training-serving.yaml"
    photo = (ROOT / "samples" / "gray" / "pagoda.jpg").read_bytes()
    running = up(file, options=QUICK).wait_until_ready()
    assert "training: " in running.text
    claim = tmp_path / "state" / "volumes" / "default" / "my-pvc"
    assert (claim / "1" / "saved_model.pb").exists()
    assert (claim / "v1" / "1" / "saved_model.pb").exists()
    assert [running.row(name).detail for name in ("demo-training", "demo-serving")] == [
        "Job Succeeded",
        "Available",
    ]
    reply = running.predict(photo)
    assert (reply.status_code, reply.headers["X-Model"]) == (200, "color/v1")
    with Image.open(io.BytesIO(reply.content)) as picture:
        assert picture.size == Image.open(io.BytesIO(photo)).size
    written = (claim / "v1" / "training.json").stat().st_mtime_ns
    assert running.press_ctrl_c() == 0

    again = up(file, options=QUICK).wait_until_ready()
    assert "demo-training has succeeded before and has not changed." in again.text
    assert "training: " not in again.text
    assert again.predict(photo).headers["X-Model"] == "color/v1"
    assert (claim / "v1" / "training.json").stat().st_mtime_ns == written
    assert not (claim / "2").exists()
