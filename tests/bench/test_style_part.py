"""The style part of the bench, with the real programs and a tiny model."""

import json

import pytest

from bench.cli import STYLE_MODEL
from tests.bench.test_bench import bench
from tests.style_model import write_style_model

pytestmark = pytest.mark.long(1)


@pytest.mark.slow
def test_both_signatures(color_model, tmp_path):
    write_style_model(tmp_path / "model", 3)
    numbers = tmp_path / "bench.json"
    models = ("--model", color_model, "--style-model", tmp_path / "model")
    done = bench(*models, "--repeats", 1, "--only", "style,400x400", "--json", numbers)
    assert done.returncode == 0, done.stderr
    assert "## Photo and style picture to painting" in done.stdout
    measured = json.loads(numbers.read_text())["parts"]["style"]
    assert set(measured) == {"400x400"}
    small = measured["400x400"]
    assert small["packed"]["model"] == "style/v3"
    assert small["serving_default"]["model"] == "unnamed"
    for each in small.values():
        (seconds,) = each["seconds"]["end_to_end"]
        assert 0 < seconds < 60
        assert {"shrink", "upstream", "merge", "encode"} <= set(each["seconds"]["stages"])
    # 384x384 and 256x256 in floats of about seven characters, against two PNGs.
    assert 3_000_000 < small["serving_default"]["wire_bytes"]["sent"] < 6_000_000
    assert small["packed"]["wire_bytes"]["sent"] < 1_200_000


def test_missing_style_model_is_reported():
    if STYLE_MODEL.exists():
        pytest.skip("models/style is there")
    done = bench("--only", "style")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Style is not measured: there is no model in models/style." in done.stdout


def test_missing_model_folder_is_an_error(tmp_path):
    done = bench("--only", "style", "--style-model", tmp_path)
    assert done.returncode == 2
    assert f"no model to serve: {tmp_path}" in done.stderr
