"""`python -m training export`: shipped weights, written by today's code."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.cli import main
from training.color.evaluate import load_colorer
from training.photos.lab import rgb_to_lab
from training.style.evaluate import load_painter
from training.style.strength import load_packed, strength_curve

ROOT = Path(__file__).resolve().parents[2]
STYLE, COLOR = ROOT / "models" / "style", ROOT / "models" / "color" / "v1"


def sample(name: str, side: int) -> np.ndarray:
    with Image.open(ROOT / "samples" / name) as picture:
        return np.asarray(picture.convert("RGB").resize((side, side), Image.Resampling.LANCZOS))


@pytest.fixture(scope="module")
def style(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("style") / "again"
    assert main(["export", str(STYLE), str(folder)]) == 0
    assert [path.name for path in folder.parent.iterdir()] == ["again"]
    return folder


def test_the_painting_is_the_shipped_ones(style):
    pair = sample("alps.jpg", 96), sample("styles/waves.jpg", 96)
    pictures = [load_painter(folder)(*pair).astype(float) for folder in (STYLE, style)]
    assert np.abs(pictures[0] - pictures[1]).mean() < 0.5


def test_strength_0_is_the_photo_and_every_step_looks_alike(style):
    names = (("alps", "waves"), ("cat", "ink"), ("dogs", "points"), ("admiral", "night"))
    pairs = [(sample(f"{p}.jpg", 96), sample(f"styles/{s}.jpg", 256)) for p, s in names]
    paint = load_packed(style)
    np.testing.assert_array_equal(paint(*pairs[0], [0.0])[0], pairs[0][0])
    curve = strength_curve(paint, pairs)
    assert min(curve.steps) > 1
    assert curve.unevenness < 1.3
    assert curve.edges[7] > curve.edges[10] + 0.1


def test_a_color_version_colors_as_before(tmp_path):
    assert main(["export", str(COLOR), str(tmp_path / "again")]) == 0
    lab = rgb_to_lab(sample("pagoda.jpg", 64))
    before, after = (load_colorer(folder)(lab) for folder in (COLOR, tmp_path / "again"))
    assert np.abs(before).max() > 5
    np.testing.assert_allclose(after, before, atol=0.5)


def test_invalid_export_is_one_line(tmp_path, capsys):
    without = tmp_path / "without"
    without.mkdir()
    for record in ("training.json", "weights.h5"):
        if (COLOR / record).exists():
            shutil.copy(COLOR / record, without)
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    (wrong / "training.json").write_text("{}")
    for model, to, told in (
        (COLOR, tmp_path, "exists: name a folder"),
        (tmp_path / "none", tmp_path / "new", "cannot read"),
        (wrong, tmp_path / "new", "records no recipe"),
        (without, tmp_path / "new", "no SavedModel in"),
    ):
        assert main(["export", str(model), str(to)]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert told in line
    assert sorted(path.name for path in tmp_path.iterdir()) == ["without", "wrong"]
