"""Many photos at once: `python -m style_client PHOTO ... --style PICTURE --out FOLDER`."""

import os
import subprocess
import sys

import numpy as np
import pytest

from tests.color_client.pictures import file_of, opened
from tests.color_client.program import ROOT

from .test_style import STYLE, calm, painted


def run(predictor, *arguments) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "style_client", *map(str, arguments)],
        cwd=ROOT, env={**os.environ, "URL": predictor.url, "MAX_SIDE": "512"},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip


@pytest.fixture
def album(tmp_path):
    """Two photos and a style picture."""
    for seed in (1, 2):
        (tmp_path / f"{seed}.png").write_bytes(file_of(calm(90, 60, seed)))
    (tmp_path / "style.png").write_bytes(STYLE)
    return tmp_path


def test_photos_are_painted(predictor, album):
    photos = [album / "1.png", album / "2.png"]
    style = ["--style", album / "style.png", "--strength", "0.5"]
    done = run(predictor, *photos, *style, "--out", album / "out")
    assert done.returncode == 0, done.stderr
    for seed in (1, 2):
        after = np.asarray(opened((album / "out" / f"{seed}.png").read_bytes()))
        assert np.abs(after - painted(calm(90, 60, seed), strength=0.5)).max() <= 1.5
    assert {headers.get("style") for headers, _ in predictor.seen} == {"transfer"}

    kept = run(predictor, *photos, *style, "--preserve-color", "--out", album / "kept")
    assert kept.returncode == 0, kept.stderr
    assert (album / "kept" / "1.png").read_bytes() != (album / "out" / "1.png").read_bytes()


def test_changed_style_remakes_the_picture(predictor, album):
    photo, out = album / "1.png", album / "out"

    def told(*arguments) -> str:
        done = run(predictor, photo, "--out", out, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stderr.splitlines()[0]

    made, there = "1 made, 0 there already, 0 failed.", "0 made, 1 there already, 0 failed."
    style = ["--style", album / "style.png"]
    assert told() == made
    assert told(*style) == made and told(*style) == there
    assert told("--style", album / "2.png") == made
    assert told("--style", album / "2.png", "--strength", "0.5") == made


def test_without_a_style_they_are_colored(predictor, album):
    done = run(predictor, album / "1.png", "--vividness", "0.5", "--out", album / "out")
    assert done.returncode == 0, done.stderr
    assert opened((album / "out" / "1.png").read_bytes()).size == (90, 60)
    ((headers, request),) = predictor.seen
    assert "style" not in headers and "l_bytes" in request["instances"][0]


@pytest.mark.parametrize(
    ("style", "named"), [("none.jpg", "No such file"), ("text.jpg", "not a picture")]
)
def test_a_style_picture_that_cannot_be_read_is_one_line(predictor, album, style, named):
    (album / "text.jpg").write_text("hello")
    done = run(predictor, album / "1.png", "--style", album / style, "--out", album / "out")
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1 and named in done.stderr and style in done.stderr
    assert predictor.seen == []
