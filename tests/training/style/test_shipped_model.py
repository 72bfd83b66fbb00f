"""models/style as it lies in the repository."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.training import tensorflow_2_1
from tests.training.color.test_export import png
from training.publishing.weights import load_weights
from training.style import recipes
from training.style.evaluate import load_painter
from training.style.network import stylizer

ROOT = Path(__file__).resolve().parents[3]
MODEL = ROOT / "models" / "style"


def photo(name: str = "alps.jpg", side: int = 192) -> np.ndarray:
    picture = Image.open(ROOT / "samples" / name).convert("RGB")
    return np.asarray(picture.resize((side, side), Image.Resampling.LANCZOS))


def palette(red: int, green: int, blue: int) -> np.ndarray:
    """A style picture of one hue, in stripes of light and dark."""
    stripes = np.where(np.arange(256) // 8 % 2, 1.0, 0.6)[:, None, None]
    return np.rint(np.ones((256, 256, 1)) * stripes * [red, green, blue]).astype(np.uint8)


@pytest.fixture(scope="module")
def paint():
    return load_painter(MODEL)


def test_the_folder():
    assert {"1", "training.json", "README.md"} <= {p.name for p in MODEL.iterdir()}
    assert sum(path.stat().st_size for path in MODEL.rglob("*") if path.is_file()) < 20e6
    record = json.loads((MODEL / "training.json").read_text())
    assert record["recipe"]["name"] == "v1"
    assert not [name for name in (*record["photos"], *record["styles"]) if "/" in name]


def test_the_networks_have_the_weights_that_are_read_back_from_it(paint):
    style_network, transformer = stylizer(recipes.load("v1"))
    load_weights(MODEL, style_network, transformer)
    content, style = photo(), palette(220, 120, 40)
    floats = [x[None].astype(np.float32) / 255 for x in (content, style)]
    expected = np.asarray(transformer([floats[0], np.asarray(style_network(floats[1]))]))[0] * 255
    assert np.abs(paint(content, style) - expected).mean() < 1.0


@pytest.mark.parametrize("hue", [(220, 120, 40), (40, 90, 220), (60, 160, 70)])
def test_it_takes_the_palette_of_the_style(paint, hue):
    painted = paint(photo(), palette(*hue)).reshape(-1, 3).mean(axis=0)
    assert np.argmax(painted) == np.argmax(hue)
    assert np.corrcoef(painted, hue)[0, 1] > 0.8


@pytest.mark.parametrize("style", ["ink", "waves", "glass"])
def test_it_keeps_what_is_in_the_photo(paint, style):
    content = photo()
    painted = paint(content, photo(f"styles/{style}.jpg", 256))
    light = [Image.fromarray(x).convert("L").resize((48, 48)) for x in (content, painted)]
    assert np.corrcoef(*(np.asarray(x).ravel() for x in light))[0, 1] > 0.5


def test_strength_0_is_near_the_photo_and_1_is_not():
    import tensorflow as tf

    model = tf.saved_model.load(str(MODEL / "1"))
    content, style = photo(), palette(40, 90, 220)
    answer = model.signatures["packed"](
        content_bytes=tf.constant([png(content)] * 3),
        style_bytes=tf.constant([png(style)] * 3),
        strength=tf.constant([0.0, 0.5, 1.0]),
    )
    assert answer["model"].numpy().tolist() == [b"style/v1"] * 3
    pictures = [np.asarray(Image.open(io.BytesIO(x))) for x in answer["stylized_bytes"].numpy()]
    far = [np.abs(picture.astype(float) - content).mean() for picture in pictures]
    assert far[0] < far[1] < far[2]
    assert far[0] < 20


@pytest.mark.slow
def test_tensorflow_2_1_serves_it(paint):
    definition = tensorflow_2_1.definitions(MODEL / "1")["packed"]
    content, style = photo(side=101), palette(220, 120, 40)
    inputs = {
        "content_bytes": png(content),
        "style_bytes": png(style),
        "strength": np.array([1.0], np.float32),
    }
    (stylized,) = tensorflow_2_1.run(
        MODEL / "1",
        {definition.inputs[name].name: value for name, value in inputs.items()},
        [(definition.outputs["stylized_bytes"].name, True)],
    )
    with Image.open(io.BytesIO(stylized)) as picture:
        np.testing.assert_allclose(np.asarray(picture).astype(int), paint(content, style), atol=2)
