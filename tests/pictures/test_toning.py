"""Which pictures have color of their own: photos have, toned and scanned ones do not."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pictures.toning import has_color

SAMPLES = Path(__file__).parents[2] / "samples"
NAMES = ("admiral", "astronaut", "coffee", "mountain", "pagoda", "raccoon", "sunset")
SHADES = [0, 0.5, 1]
TONES = {
    "sepia": ([30, 150, 255], [20, 120, 240], [10, 85, 200]),
    "cyanotype": ([0, 50, 240], [20, 110, 250], [60, 160, 245]),
    "split": ([10, 130, 255], [20, 125, 235], [50, 120, 190]),
}


def gray(name: str) -> Image.Image:
    return Image.open(SAMPLES / "gray" / f"{name}.jpg").convert("L")


def toned(name: str, tone: str) -> Image.Image:
    light = np.asarray(gray(name)) / 255
    channels = [np.interp(light, SHADES, curve) for curve in TONES[tone]]
    return Image.fromarray(np.rint(np.stack(channels, axis=-1)).astype(np.uint8))


@pytest.mark.parametrize("name", NAMES)
def test_color_photos_have_color(name):
    assert has_color(Image.open(SAMPLES / f"{name}.jpg").convert("RGB"))


@pytest.mark.parametrize("name", NAMES)
def test_gray_photos_have_no_color_in_any_mode(name):
    assert not has_color(gray(name))
    assert not has_color(gray(name).convert("RGB"))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("tone", TONES)
def test_toned_photos_have_no_color(name, tone):
    assert not has_color(toned(name, tone))


@pytest.mark.parametrize("name", NAMES)
def test_scan_noise_and_jpeg_artifacts_are_no_color(name):
    """A sepia print on white paper, with the scanner's noise, saved with much loss."""
    print_ = toned(name, "sepia")
    width, height = print_.size
    scan = Image.new("RGB", (width + 40, height + 40), (248, 248, 246))
    scan.paste(print_, (20, 20))
    noise = np.random.default_rng(1).normal(0, 12, (height + 40, width + 40, 3))
    file = io.BytesIO()
    pixels = np.clip(np.asarray(scan) + noise, 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(file, "JPEG", quality=40)
    assert not has_color(Image.open(file))


def test_the_smallest_pictures():
    assert not has_color(Image.new("RGB", (1, 1), "red")), "one color is a tone"
    assert has_color(Image.fromarray(np.array([[[250, 0, 0], [0, 120, 250]]], np.uint8)))
