"""The photographs in samples/: each has a license, a gray version, and colors worth guessing."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
NAMES = sorted(path.name for path in SAMPLES.glob("*.jpg"))


def table() -> dict[str, list[str]]:
    """Cells of the README's table (without the file), by file name."""
    rows = re.findall(r"^\| (\S+\.jpg) \|(.*)\|$", (SAMPLES / "README.md").read_text(), re.M)
    assert len(rows) == len({name for name, _ in rows}), "a picture stands in the table twice"
    return {name: [cell.strip() for cell in cells.split("|")] for name, cells in rows}


def colorfulness(rgb: np.ndarray) -> float:
    """Hasler and Süsstrunk's measure: 0 for gray, about 30 for an ordinary photograph."""
    red, green, blue = np.moveaxis(rgb.astype(float), -1, 0)
    opponents = red - green, (red + green) / 2 - blue
    spread = np.hypot(*(each.std() for each in opponents))
    return float(spread + 0.3 * np.hypot(*(each.mean() for each in opponents)))


def test_there_are_a_dozen_and_they_are_small():
    assert len(NAMES) >= 12
    assert sum(path.stat().st_size for path in SAMPLES.rglob("*.jpg")) < 3_000_000


def test_table_and_folder_name_the_same_pictures():
    assert sorted(table()) == NAMES
    assert sorted(path.name for path in (SAMPLES / "gray").glob("*.jpg")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_table_says_where_each_comes_from(name):
    what, author, source, license_, changes = table()[name]
    assert all((what, author, source, changes))
    known = r"\[CC(0-1\.0|-BY-[24]\.0)\]\(https://creativecommons\.org/\S+\)|Public domain \(.+\)"
    assert re.fullmatch(known, license_)


@pytest.mark.parametrize("name", NAMES)
def test_color_photograph(name):
    path = SAMPLES / name
    assert path.stat().st_size <= 120_000
    with Image.open(path) as photo:
        assert (photo.format, photo.mode) == ("JPEG", "RGB")
        assert 400 <= max(photo.size) <= 640
        assert not photo.getexif(), "no camera's or person's metadata is shipped"
        assert colorfulness(np.asarray(photo)) > 15


@pytest.mark.parametrize("name", NAMES)
def test_gray_version_has_the_color_photographs_luminance(name):
    spec = importlib.util.spec_from_file_location("make_gray", SAMPLES / "make_gray.py")
    make_gray = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make_gray)
    with Image.open(SAMPLES / name) as photo, Image.open(SAMPLES / "gray" / name) as gray:
        assert gray.mode == "L"
        assert gray.size == photo.size
        difference = np.asarray(gray).astype(float) - make_gray.gray_of(np.asarray(photo))
    assert abs(difference).mean() < 2, "run samples/make_gray.py"


STYLES = SAMPLES / "styles"
STYLE_NAMES = sorted(path.name for path in STYLES.glob("*.jpg"))


def test_there_are_style_pictures_and_the_readme_has_them_all():
    assert len(STYLE_NAMES) >= 5
    text = (STYLES / "README.md").read_text()
    assert sorted(re.findall(r"^\| (\S+\.jpg) \|", text, re.M)) == STYLE_NAMES
    assert "https://creativecommons.org/publicdomain/zero/1.0/" in text


@pytest.fixture(scope="module")
def drawn_again(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("styles")
    subprocess.run([sys.executable, STYLES / "draw.py", folder], check=True, timeout=540)
    return folder


def test_the_program_draws_all_of_them(drawn_again):
    assert sorted(path.name for path in drawn_again.iterdir()) == STYLE_NAMES


@pytest.mark.parametrize("name", STYLE_NAMES)
def test_style_picture(name, drawn_again):
    path = STYLES / name
    assert path.stat().st_size <= 120_000
    with Image.open(path) as shipped, Image.open(drawn_again / name) as again:
        assert (shipped.format, shipped.mode, shipped.size) == ("JPEG", "RGB", (512, 512))
        assert again.size == shipped.size
        difference = np.asarray(shipped).astype(float) - np.asarray(again)
        # Texture is what makes a style; a flat picture has none.
        assert np.asarray(shipped.convert("L")).std() > 25
    assert abs(difference).mean() < 4, "run samples/styles/draw.py"


CLIENTS = SAMPLES.parent


@pytest.fixture(scope="module")
def make_gallery():
    spec = importlib.util.spec_from_file_location("make_gallery", SAMPLES / "make_gallery.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def is_the_picture(path: Path, expected: Image.Image) -> bool:
    """Luminance to within what JPEG loses; that of another of them is ten times as far."""
    with Image.open(path) as shipped:
        assert (shipped.size, shipped.mode) == (expected.size, expected.mode)
        difference = np.asarray(shipped.convert("L")).astype(float) - expected.convert("L")
    return bool(abs(difference).mean() < 8)


def test_the_galleries_of_the_pages_are_small_copies_that_need_no_credit(make_gallery):
    photos = CLIENTS / "color_client" / "page" / "samples"
    assert sorted(path.stem for path in photos.iterdir()) == sorted(make_gallery.PHOTOS)
    for path in photos.iterdir():
        assert is_the_picture(path, make_gallery.photo_of(path.stem)), "run samples/make_gallery.py"
        assert re.match(r"\[CC0|Public domain", table()[path.name][3])
    styles = CLIENTS / "style_client" / "page" / "styles"
    assert sorted(path.stem for path in styles.iterdir()) == make_gallery.style_names()
    for path in styles.iterdir():
        assert is_the_picture(path, make_gallery.style_of(path.stem)), "run samples/make_gallery.py"
    assert sum(path.stat().st_size for path in [*photos.iterdir(), *styles.iterdir()]) < 400_000
