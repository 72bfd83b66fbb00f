"""Hints on the command line: of one photo by --hints, of many by a file beside each."""

import json

import numpy as np
import pytest

from tests.color_client.pictures import lab_of, opened

from .test_batch import run, write

BLUE = [{"x": 0.5, "y": 0.5, "color": "#2c5aa0"}]
RED = [{"x": 0.5, "y": 0.5, "color": "#b3361a"}]


def ab_in_the_middle(path) -> np.ndarray:
    picture = opened(path.read_bytes())
    pixel = picture.getpixel((picture.width // 2, picture.height // 2))
    return lab_of(np.array([[pixel[:3]]], np.uint8))[0, 0, 1:]


def test_hints_of_one_photo_then_others_then_none(predictor, tmp_path):
    photo, out = write(tmp_path / "a.jpg"), tmp_path / "out"
    hints = tmp_path / "my.json"
    hints.write_text(json.dumps(BLUE))
    done = run(predictor, photo, "--out", out, "--hints", hints)
    assert done.returncode == 0, done.stderr
    assert ab_in_the_middle(out / "a.png")[1] < -5
    assert "1 there already" in run(predictor, photo, "--out", out, "--hints", hints).stderr
    # Other hints are another picture, and so are none.
    hints.write_text(json.dumps(RED))
    assert run(predictor, photo, "--out", out, "--hints", hints).stderr.startswith("1 made")
    assert ab_in_the_middle(out / "a.png")[0] > 5
    assert run(predictor, photo, "--out", out).stderr.startswith("1 made")


def test_each_photo_has_its_hints_beside_it(predictor, tmp_path):
    album, out = tmp_path / "album", tmp_path / "out"
    for name, hints in (("a", BLUE), ("b", RED)):
        write(album / f"{name}.jpg")
        (album / f"{name}.hints.json").write_text(json.dumps(hints))
    write(album / "c.jpg")
    (album / "c.hints.json").write_text('[{"x": 2}]')
    done = run(predictor, album, "--out", out)
    assert done.returncode == 1
    assert done.stderr.startswith("2 made, 0 there already, 1 failed.")
    assert "c.hints.json has a wrong hint, number 1: x must be a number" in done.stderr
    assert ab_in_the_middle(out / "album" / "a.png")[1] < -5
    assert ab_in_the_middle(out / "album" / "b.png")[0] > 5


@pytest.mark.parametrize(
    ("text", "photos", "message"),
    [
        ("[", 1, "must be JSON"),
        ('[{"x": 2}]', 1, "number 1: x must be a number from 0 to 1"),
        (None, 1, "No such file"),
        ("[]", 2, "--hints is for one photo"),
    ],
)
def test_invalid_hints_files(predictor, tmp_path, text, photos, message):
    hints = tmp_path / "my.json"
    if text is not None:
        hints.write_text(text)
    names = [write(tmp_path / f"{number}.jpg") for number in range(photos)]
    done = run(predictor, *names, "--out", tmp_path / "out", "--hints", hints)
    assert done.returncode == 2 and message in done.stderr
    assert "Traceback" not in done.stderr and not (tmp_path / "out").exists()
