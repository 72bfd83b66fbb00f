"""`python -m training` as a person runs it."""

import io
import json
import resource
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training import recipes
from training.cli import main, training_parser

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["--width=8", "--dilations=1,2", "--photo-side=32", "--crop-side=32"]
SMALL += ["--samples=32", "--samples-per-epoch=16", "--batch-size=8"]


@pytest.fixture(scope="module")
def photo_zip(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("data") / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for seed in range(12):
            pixels = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), np.uint8)
            file = io.BytesIO()
            Image.fromarray(pixels).resize((48, 40)).save(file, "PNG")
            archive.writestr(f"{seed}.png", file.getvalue())
        archive.writestr("broken.jpg", b"no picture")
    return path


def run(*arguments: object, **options) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "training", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, cwd=ROOT, **options)


def test_trains_publishes_and_is_done_the_second_time(photo_zip, tmp_path):
    arguments = ["--data", photo_zip, "--export-root", tmp_path, "--version", 4, *SMALL]
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    assert "1 unreadable" in done.stdout
    assert "left, loss" in done.stderr  # progress with the time left
    assert "| v4 | " in done.stdout  # the metrics table
    assert (tmp_path / "4" / "saved_model.pb").samefile(tmp_path / "v4" / "4" / "saved_model.pb")
    assert (tmp_path / "v4" / "4" / "assets.extra" / "tf_serving_warmup_requests").exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["4", "v4"]
    with Image.open(tmp_path / "v4" / "contact-sheet.png") as sheet:
        sheet.verify()
    record = json.loads((tmp_path / "v4" / "training.json").read_text())
    assert record["recipe"]["samples"] == 32
    assert record["photos"]["unreadable"] == 1
    assert [epoch["epoch"] for epoch in record["history"]] == [1, 2]

    again = run(*arguments)
    assert again.returncode == 0, again.stderr
    assert "already published" in again.stdout

    other = run(*arguments, "--seed", 2)
    assert other.returncode == 2
    assert other.stderr.count("\n") == 1
    assert "another configuration" in other.stderr


def test_weights_are_a_start_for_the_next_training(photo_zip, tmp_path):
    arguments = ["--data", str(photo_zip), "--export-root", str(tmp_path), *SMALL]
    assert main(arguments) == 0
    weights = str(tmp_path / "v1" / "weights.h5")
    assert main([*arguments, "--weights", weights]) == 0
    record = json.loads((tmp_path / "v2" / "training.json").read_text())
    assert (record["started_from"], record["data"]) == ("v1/weights.h5", ["photos.zip"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "{tmp}/none"], "does not exist"),
        (["--data", "{tmp}"], "no photos found"),
        (["--data", "{zip}", "--export-root", "{zip}"], "cannot be written"),
        (["--data", "{zip}", "--weights", "{tmp}/none.h5"], "cannot read the weights"),
        (["--data", "{zip}", "--crop-side", "30"], "crop_side must be a multiple of 8"),
        (["--data", "{zip}", "--data-sha256", "00"], "one value for each URL"),
        (["--recipe", "v1"], "name photos by --data"),
    ],
)
def test_one_line_and_exit_code_2_before_any_training(
    arguments, message, photo_zip, tmp_path, capsys
):
    arguments = [a.format(tmp=tmp_path, zip=photo_zip) for a in arguments]
    if "--export-root" not in arguments:
        arguments += ["--export-root", str(tmp_path / "models")]
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("python -m training: ")
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("flag", ["--learning-rat=1", "--version=0", "--version=v1", "--batch=8"])
def test_misspelled_flags_are_refused(flag, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["--data", "x.zip", flag])
    assert exit_.value.code == 2
    assert capsys.readouterr().err


def test_every_value_of_a_recipe_is_a_flag():
    help_text = training_parser().format_help()
    for name in vars(recipes.load("v1")):
        if name != "name":
            assert f"--{name.replace('_', '-')} " in help_text


def test_a_disk_that_fills_up_leaves_no_half_version(photo_zip, tmp_path):
    """The operating system refuses every byte beyond 64 KB a file, as a full disk would."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, 65_536))

    done = run("--data", photo_zip, "--export-root", tmp_path, *SMALL, preexec_fn=limit)
    assert done.returncode == 1
    assert "cannot write version 1" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_interrupted_leaves_nothing(photo_zip, tmp_path):
    command = [sys.executable, "-m", "training", "--data", photo_zip, "--export-root", tmp_path]
    command += [*SMALL, "--samples", "80000"]
    with subprocess.Popen(
        list(map(str, command)), cwd=ROOT, stderr=subprocess.PIPE, text=True
    ) as process:
        while "training:" not in (line := process.stderr.readline()):
            assert line or process.poll() is None
        process.send_signal(2)
        rest = process.stderr.read()
    assert process.returncode == 130
    assert "Traceback" not in rest
    assert list(tmp_path.iterdir()) == []


def test_evaluates_what_is_published(photo_zip, tmp_path, capsys):
    assert main(["--data", str(photo_zip), "--export-root", str(tmp_path), *SMALL]) == 0
    capsys.readouterr()
    sheet, figures = tmp_path / "sheet.png", tmp_path / "figures.json"
    arguments = ["evaluate", str(tmp_path / "v1"), "--data", str(photo_zip), "--side", "32"]
    assert main([*arguments, "--sheet", str(sheet), "--json", str(figures)]) == 0
    printed = capsys.readouterr().out
    assert "12 photos at 32x32, 1 unreadable" in printed
    rows = [line.split("|")[1].strip() for line in printed.splitlines() if line.startswith("|")]
    baselines = ["gray", "constant mean a\\*b\\*", "half of the true chroma"]
    name = f"{tmp_path.name}/v1"
    assert rows[2:] == [*baselines, name, "truth"]
    scores = json.loads(figures.read_text())
    assert scores["gray"]["colorfulness"] < 0.5
    assert scores["half of the true chroma"]["psnr"] > scores["gray"]["psnr"]
    assert scores["truth"]["ciede2000"] < 0.01
    with Image.open(sheet) as picture:
        picture.verify()


def test_evaluation_says_what_is_missing(tmp_path, photo_zip, capsys):
    assert main(["evaluate", str(tmp_path), "--data", str(photo_zip)]) == 2
    assert "no SavedModel" in capsys.readouterr().err
