"""training/color/train_v2.sh: the commands that made the shipped v2, in a row."""

import argparse
import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.training import pictures
from training.color import recipes
from training.color.command import training_parser
from training.color.recipe import Recipe
from training.program.flags import recipe_changes

ROOT = Path(__file__).resolve().parents[3]
# The script is what is tested, with a network that is soon built; test_shipped_model.py has v2's.
SHORT = "--samples=16 --samples-per-epoch=8 --batch-size=4 --photo-side=64 --crop-side=64"
SHORT += " --network=all_convolution --width=8 --dilations=1"


def train_v2(python: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["sh", "training/color/train_v2.sh", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHON": str(python)},
        capture_output=True,
        text=True,
    )


def interpreter(path: Path, command: str) -> Path:
    """A program at `path` that stands in for Python and runs `command`, a line of shell."""
    path.write_text(f"#!/bin/sh\n{command}\n")
    path.chmod(0o755)
    return path


def options_of_each_run(folder: Path, *arguments: str) -> list[argparse.Namespace]:
    """What the script asks of `python -m training`, run by run."""
    done = train_v2(interpreter(folder / "python", "printf '%s|' \"$@\"; echo"), *arguments)
    assert done.returncode == 0, done.stderr
    runs = [line.split("|")[:-1] for line in done.stdout.splitlines()]
    return [training_parser().parse_args(run[2:]) for run in runs]  # after "-m training"


def test_every_run_is_one_that_the_command_line_takes(tmp_path):
    runs = options_of_each_run(tmp_path, "my runs", "a.zip", "more photos/")
    assert len(runs) == 8
    before = None
    for number, options in enumerate(runs, start=1):
        assert (options.recipe, options.version) == ("v2", 2)
        assert options.data == ["a.zip", "more photos/"]
        assert options.weights == before
        assert options.export_root == Path("my runs") / str(number)
        before = options.export_root / "v2"


def test_the_last_run_is_what_the_shipped_model_says_of_itself(tmp_path):
    record = json.loads((ROOT / "models" / "color" / "v2" / "training.json").read_text())
    last = options_of_each_run(tmp_path, "runs", "a.zip")[-1]
    recipe = dataclasses.replace(recipes.load("v2"), **recipe_changes(last, Recipe))
    assert json.loads(json.dumps(dataclasses.asdict(recipe))) == record["recipe"]


def test_missing_inputs_are_reported(tmp_path):
    done = train_v2(tmp_path / "python", "runs")
    assert (done.returncode, done.stdout) == (2, "")
    assert "train_v2.sh RUNS_FOLDER PHOTOS" in done.stderr


def test_a_run_that_fails_ends_it(tmp_path):
    done = train_v2(interpreter(tmp_path / "python", "echo run; exit 3"), "runs", "a.zip")
    assert (done.returncode, done.stdout) == (3, "run\n")


@pytest.mark.long(1)
@pytest.mark.slow
def test_eight_short_runs_publish_eight_times_and_only_once(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for seed in range(12):
        (photos / f"{seed}.jpg").write_bytes(pictures.jpeg(seed))
    cache = tmp_path / "cache"
    python = interpreter(
        tmp_path / "python", f'exec {sys.executable} "$@" {SHORT} --cache-dir {cache}'
    )
    first = train_v2(python, str(tmp_path / "runs"), str(photos))
    assert first.returncode == 0, first.stderr
    assert first.stdout.count("published version 2") == 8
    again = train_v2(python, str(tmp_path / "runs"), str(photos))
    assert again.returncode == 0, again.stderr
    assert "epoch" not in again.stdout
    record = json.loads((tmp_path / "runs" / "8" / "v2" / "training.json").read_text())
    assert record["started_from"] == "7/v2"
