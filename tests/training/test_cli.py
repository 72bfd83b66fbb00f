"""`python -m training` as a person runs it."""

import csv
import hashlib
import io
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.cli import main
from training.color import recipes
from training.color.command import training_parser
from training.publishing.weights import named_constants

pytestmark = pytest.mark.long(1)

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["--width=8", "--dilations=1,2", "--photo-side=32", "--crop-side=32"]
SMALL += ["--samples=32", "--samples-per-epoch=16", "--batch-size=8"]

# What JAX has XLA compile runs for a moment only.
SOON_COMPILED = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"


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
    return subprocess.run(
        command, capture_output=True, text=True, timeout=3600, cwd=ROOT, **options
    )


@pytest.fixture(scope="module")
def published(photo_zip, tmp_path_factory) -> Path:
    """An export root with version 1; tests leave it as it is."""
    root = tmp_path_factory.mktemp("published")
    assert main(["--data", str(photo_zip), "--export-root", str(root), *SMALL]) == 0
    return root


def test_trains_publishes_and_is_done_the_second_time(photo_zip, tmp_path, capsys):
    arguments = ["--data", str(photo_zip), "--export-root", str(tmp_path), "--version=4", *SMALL]
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
    assert [look["step"] for look in record["history"]] == [2, 4]
    with (tmp_path / "v4" / "journal" / "journal.csv").open() as file:
        steps = [int(row["step"]) for row in csv.DictReader(file)]
    assert sorted(set(steps)) == [1, 2, 3, 4]
    (events,) = (tmp_path / "v4" / "journal").glob("events.out.tfevents.*")

    assert main(arguments) == 0
    assert "already published" in capsys.readouterr().out

    assert main([*arguments, "--seed=2"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "another configuration" in error


def test_weights_are_a_start_and_what_is_published_may_lie_between(photo_zip, published, tmp_path):
    root = tmp_path / "models"
    shutil.copytree(published, root)
    further = ["--data", str(photo_zip), "--export-root", str(root), *SMALL, "--seed", "5"]
    assert main([*further, "--weights", str(root / "v1")]) == 0
    record = json.loads((root / "v2" / "training.json").read_text())
    assert (record["started_from"], record["data"]) == ("models/v1", ["photos.zip"])

    version = ["--weights", str(root / "v1" / "1")]
    assert main([*further, *version, "--start-share", "0.75"]) == 0
    start, end, between = (weights(root / name) for name in ("1", "2", "3"))
    assert np.abs(end - start).max() > 1e-3
    np.testing.assert_allclose(between, 0.75 * start + 0.25 * end, atol=1e-3, rtol=2e-3)


def weights(model: Path) -> np.ndarray:
    """All of them in a row."""
    constants = named_constants(model / "saved_model.pb")
    return np.concatenate([values.astype(np.float32).ravel() for values in constants.values()])


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
        (["--data", "{zip}", "--precision", "float16"], "precision must be one of auto, float32"),
        (["--data", "{zip}", "--start-share", "0.5"], "name them by --weights"),
        (["--data", "{zip}", "--start-share", "1"], "start_share must be 0 or more and below 1"),
        (["--data", "{zip}", "--patience", "-1"], "patience must be 0 (never) or more"),
        (["--data", "{zip}", "--shares", "a*"], "shares must be such as product-*=0.25, not 'a*'"),
        (["--data", "{zip}", "--shares", "a*=0,b=2"], "not 'b=2'"),
        (["--data", "{zip}", "--vividness", "-1"], "vividness must be 0 or more"),
        (["--data", "{zip}", "--seed", "-1"], "seed must be 0 or more"),
        (["--data", "{zip}", "--dilations", "1,0"], "dilations must be whole numbers from 1 on"),
        (["--data", "{zip}", "--min-colorfulness", "-1"], "min_colorfulness must be 0 or more"),
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


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--learning-rat=1", "did you mean --learning-rate?"),
        ("--batch_size=8", "did you mean --batch-size?"),
        ("--batch=8", "unknown argument --batch"),
        ("--xyzzy", "unknown argument --xyzzy ("),
        ("--version=0", "not a positive integer"),
        ("--version=v1", "not a positive integer"),
        ("--batch-size=many", "invalid int value"),
        ("--zoom=1", "not two numbers such as 0.5,1"),
        ("--dilations=1,x", "not whole numbers such as 8,16"),
    ],
)
def test_misspelled_flags_are_refused(flag, message, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["--data", "x.zip", flag])
    assert exit_.value.code == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


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
    assert [p.name for p in tmp_path.iterdir()] == [".checkpoints"]


def start(*arguments: object) -> subprocess.Popen:
    command = [sys.executable, "-m", "training", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stops_when_asked_and_keeps_what_it_has(number, photo_zip, tmp_path):
    arguments = ["--data", photo_zip, "--export-root", tmp_path, *SMALL, "--samples", "80000"]
    with start(*arguments) as process:
        while "training:" not in (line := process.stderr.readline()):
            assert line or process.poll() is None
        process.send_signal(number)
        rest = process.stderr.read()
    assert process.returncode == 128 + number
    assert "version 1 is not published; the same command goes on" in rest
    assert "Traceback" not in rest
    assert [p.name for p in tmp_path.iterdir()] == [".checkpoints"]
    assert list((tmp_path / ".checkpoints" / "v1").glob("step-*.npz"))


def checkpointed(root: Path) -> int:
    """The last step of which there is a checkpoint."""
    names = [path.stem for path in (root / ".checkpoints" / "v1").glob("step-*.npz")]
    return max((int(name.removeprefix("step-")) for name in names), default=0)


@pytest.mark.slow
def test_killed_at_any_moment_it_goes_on_and_ends_the_same(photo_zip, tmp_path, capsys):
    arguments = ["--data", str(photo_zip), *SMALL, "--samples=640", "--samples-per-epoch=80"]
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert main([*arguments, "--export-root", str(whole)]) == 0

    at = int(np.random.default_rng().integers(1, 50))  # of 80 steps
    with start(*arguments, "--export-root", killed) as process:
        while checkpointed(killed) < at:
            assert process.poll() is None, f"ended before step {at}"
            time.sleep(0.002)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert not (killed / "v1").exists()

    arguments += ["--export-root", str(killed)]
    capsys.readouterr()
    assert main([*arguments, "--seed=2", "--version=1"]) == 2
    assert "a run of another configuration, unfinished" in capsys.readouterr().err

    assert main(arguments) == 0
    assert "going on from the checkpoint at" in capsys.readouterr().err
    assert sorted(p.name for p in killed.iterdir()) == ["1", "v1"]  # no checkpoints any more

    records = [json.loads((r / "v1" / "training.json").read_text()) for r in (whole, killed)]
    for one, two in zip(*(record["history"] for record in records), strict=True):
        assert one == pytest.approx(two, rel=1e-4)
    one, two = (weights(root / "1") for root in (whole, killed))
    np.testing.assert_allclose(one, two, rtol=2e-3, atol=1e-5)


def test_trained_on_jax_and_published_by_tensorflow(photo_zip, tmp_path):
    pytest.importorskip("jax")
    environment = {**os.environ, "KERAS_BACKEND": "jax", "XLA_FLAGS": SOON_COMPILED}
    done = run("--data", photo_zip, "--export-root", tmp_path, *SMALL, env=environment)
    assert done.returncode == 0, done.stderr
    assert "trained on jax; TensorFlow publishes" in done.stdout
    assert (tmp_path / "v1" / "1" / "saved_model.pb").exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["1", "v1"]


def test_evaluates_what_is_published(photo_zip, published, tmp_path, capsys):
    sheet, plot, figures = (tmp_path / name for name in ("sheet.png", "plot.png", "figures.json"))
    name, again = f"{published.name}/v1", str(published / "v1" / "1")
    arguments = ["evaluate", str(published / "v1"), again, "--side", "32"]
    arguments += ["--data", str(photo_zip), "--gains=0.5,1", "--degrade=all"]
    assert main([*arguments, f"--sheet={sheet}", f"--plot={plot}", f"--json={figures}"]) == 0
    printed = capsys.readouterr().out
    assert "12 photos at 32x32, 1 unreadable" in printed
    rows = [line.split("|")[1].strip() for line in printed.splitlines() if line.startswith("|")]
    baselines = ["gray", "constant mean a\\*b\\*", "half of the true chroma"]
    table = [*baselines, f"{name} × 0.5", name, f"{again} × 0.5", again, "truth"]
    assert rows[2:10] == table
    assert rows[12] == f"{again} minus {name}"
    assert [line for line in printed.splitlines() if line.startswith("Models given")] == [
        "Models given box3:", "Models given jpeg30:", "Models given grain8:",
    ]  # fmt: skip

    record = json.loads(figures.read_text())
    graph = (published / "1" / "saved_model.pb").read_bytes()
    assert record["models"] == {n: hashlib.sha256(graph).hexdigest() for n in (name, again)}
    with zipfile.ZipFile(photo_zip) as archive:
        assert record["photos"][3] == {
            "name": "3.png",
            "sha256": hashlib.sha256(archive.read("3.png")).hexdigest(),
        }
    assert list(record["input"]) == ["none", "box3", "jpeg30", "grain8"]
    clean = record["input"]["none"]["predictions"]
    assert clean["gray"]["summary"]["colorfulness"]["mean"] < 0.5
    half = clean["half of the true chroma"]["summary"]["psnr"]
    assert half["low"] < half["mean"] < half["high"]
    assert half["low"] > clean["gray"]["summary"]["psnr"]["mean"]
    assert clean["truth"]["summary"]["ciede2000"]["mean"] < 0.01
    assert np.mean(clean[name]["per_photo"]["psnr"]) == pytest.approx(
        clean[name]["summary"]["psnr"]["mean"]
    )
    # Baselines see no L*: they are the same whatever the models are given.
    assert record["input"]["grain8"]["predictions"]["gray"] == clean["gray"]
    (pair,) = record["input"]["none"]["pairs"]
    assert pair["psnr"] == {"mean": 0, "low": 0, "high": 0}  # one model under two names
    for path in (sheet, plot, tmp_path / "sheet-box3.png", tmp_path / "plot-jpeg30.png"):
        with Image.open(path) as picture:
            picture.verify()


def test_evaluates_at_one_colorfulness_and_says_how_true_skin_is(photo_zip, published, capsys):
    arguments = ["evaluate", str(published / "v1"), "--side=32", "--data", str(photo_zip), "--skin"]
    assert main([*arguments, "--colorfulness=10"]) == 0
    printed = capsys.readouterr().out
    (row,) = [line for line in printed.splitlines() if line.startswith(f"| {published.name}/v1 × ")]
    assert float(row.split("|")[4].split()[0]) == pytest.approx(10.0, abs=0.15)
    assert "No photo has skin in its middle." in printed
    with pytest.raises(SystemExit):
        main([*arguments, "--colorfulness=10", "--gains=1,2"])
    with pytest.raises(SystemExit):
        main([*arguments, "--colorfulness=much"])
    assert "not a colorfulness" in capsys.readouterr().err


def test_evaluates_some_photos_blind(photo_zip, published, tmp_path, capsys):
    two = [str(published / "v1"), str(published / "v1" / "1")]
    rest = ["--data", str(photo_zip), "--side=32", "--blind", str(tmp_path / "blind")]
    assert main(["evaluate", *two, *rest, "--only=?.png,x*", "--photos=5"]) == 0
    assert "5 photos at 32x32" in capsys.readouterr().out
    assert (tmp_path / "blind" / "page-01.png").exists()
    assert main(["unblind", str(tmp_path / "blind")]) == 0
    assert "| any of these | 0 | 0 |" in capsys.readouterr().out
    for wrong, told in (
        ([*two, *rest], "may hold marks already"),
        ([*two, *rest, "--gains=1,2"], "each with one gain"),
        ([two[0], *rest], "two models"),
        ([*two, *rest[:-1], str(tmp_path / "other"), "--only=none-*"], "no photo's file name"),
    ):
        assert main(["evaluate", *wrong]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert told in line


def test_evaluation_says_what_is_missing(tmp_path, photo_zip, capsys):
    arguments = ["evaluate", str(tmp_path), "--data", str(photo_zip)]
    assert main(arguments) == 2
    assert "no SavedModel" in capsys.readouterr().err
    assert main([*arguments, "--plot", "x.png", "--gains", "1"]) == 2
    assert "two or more" in capsys.readouterr().err
    for wrong in ("--side=7", "--photos=0", "--sheet-photos=0", "--seed=-1"):
        with pytest.raises(SystemExit) as exit_:
            main([*arguments, wrong])
        assert exit_.value.code == 2
        assert "is not a whole number from" in capsys.readouterr().err


def test_a_sheet_that_cannot_be_written_is_one_line(photo_zip, published, capsys):
    arguments = ["evaluate", str(published / "v1"), "--side=32", "--photos=2"]
    assert main([*arguments, f"--data={photo_zip}", f"--sheet={photo_zip}/sheet.png"]) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("python -m training: cannot write ")


def test_unencodable_characters_are_replaced():
    script = "from training.cli import main\ntry: main(['--help'])\nexcept SystemExit: print('a–b')"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True, cwd=ROOT, env={**os.environ, "PYTHONIOENCODING": "ascii"}, timeout=60,
    )  # fmt: skip
    assert done.stdout.endswith(b"a?b\n")
