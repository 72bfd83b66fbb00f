"""`python -m bench` with the real programs and a tiny model."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.color_model import write_color_model
from tests.running import run

pytestmark = pytest.mark.long(1)


def bench(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return run("bench", *arguments, seconds=300)


@pytest.mark.slow
def test_small_photo(color_model, tmp_path):
    numbers = tmp_path / "bench.json"
    done = bench("--model", color_model, "--repeats", 1, "--only", "400x400", "--json", numbers)
    assert done.returncode == 0, done.stderr
    for text in (
        "end to end",
        "three hints",
        "as JPEG",
        "in one process",
        "network alone",
        "article's way",
        "| upstream |",
        "## Goals",
    ):
        assert text in done.stdout
    assert done.stdout.count("**met**") + done.stdout.count("**not met**") == 3

    document = json.loads(numbers.read_text())
    measured = document["parts"]["client"]["400x400"]
    assert measured["model"] == "color/v1"
    kinds = (
        *("end_to_end", "hinted", "kept", "as_jpeg", "in_process", "network", "article"),
        *("own_work", "level_1_png"),
    )
    for kind in kinds:
        (seconds,) = measured["seconds"][kind]
        assert 0 < seconds < 60
    assert {"upload", "decode", "lab", "merge", "encode"} <= set(measured["seconds"]["stages"])
    # Floats as JSON text: 400×400 in about 20 characters each, and twice as many back.
    assert 2_000_000 < measured["article_wire_bytes"]["sent"] < 5_000_000
    assert sum(measured["wire_bytes"].values()) < 120_000
    goals = {goal["text"].partition(":")[2].strip()[:10]: goal for goal in document["goals"]}
    assert goals["under 120 "]["met"]


@pytest.mark.slow
def test_gateway(color_model, tmp_path):
    numbers = tmp_path / "bench.json"
    done = bench("--model", color_model, "--repeats", 1, "--only", "gateway", "--json", numbers)
    assert done.returncode == 0, done.stderr
    assert "| model server directly | through the gateway |" in done.stdout
    assert done.stdout.count("the gateway adds at most 5% to a photo") == 1
    seconds = json.loads(numbers.read_text())["parts"]["gateway"]["seconds"]
    for way in ("direct", "gateway"):
        assert (len(seconds[way]["photos"]), len(seconds[way]["predictions"])) == (1, 3)


@pytest.mark.slow
def test_batching(color_model, tmp_path):
    numbers = tmp_path / "bench.json"
    done = bench("--model", color_model, "--repeats", 1, "--only", "batching", "--json", numbers)
    assert done.returncode == 0, done.stderr
    assert "| batches of 8 |" in done.stdout
    rates = json.loads(numbers.read_text())["parts"]["batching"]["pictures_per_second"]
    assert len(rates) == 5
    for by_signature in rates.values():
        assert [len(by_signature[name]) for name in ("packed", "serving_default")] == [1, 1]


@pytest.mark.slow
def test_throughput(tmp_path):
    numbers = tmp_path / "bench.json"
    done = bench("--repeats", 1, "--only", "throughput", "--json", numbers)
    assert done.returncode == 0, done.stderr
    rates = json.loads(numbers.read_text())["parts"]["throughput"]
    assert [name.partition(",")[0] for name in rates] == [
        *("1 caller", "4 callers", "16 callers", "folder command")
    ]
    for rate in rates.values():
        assert rate["per_second"][0] > 0
        assert 0 <= rate["busy"][0] < 1.2


@pytest.mark.slow
def test_imports():
    done = bench("--only", "imports")
    assert done.returncode == 0, done.stderr
    assert "the client imports in under a quarter" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--repeats", "0"), "'0' is no whole number"),
        (("--only", "400x400,2mp"), "'2mp' is none of 400x400, 1mp, 12mp"),
        (("--only", "400x400", "--model", os.devnull), "no model to serve: /dev/null"),
        (("--fast",), "--fast"),
    ],
)
def test_wrong_command_line(arguments, says):
    done = bench(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert says in done.stderr


def test_a_model_that_does_not_load(tmp_path):
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "saved_model.pb").write_bytes(b"nonsense")
    done = bench("--model", tmp_path, "--repeats", 1, "--only", "400x400")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert f"python -m bench: {tmp_path / '1'} cannot be loaded: " in done.stderr


def test_a_model_without_packed(tmp_path):
    write_color_model(tmp_path, packed=False)
    done = bench("--model", tmp_path, "--repeats", 1, "--only", "400x400")
    assert done.returncode == 2
    assert f"python -m bench: {tmp_path / '1'} has no signature `packed`" in done.stderr
