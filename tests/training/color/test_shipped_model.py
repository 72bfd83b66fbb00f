"""models/color/* as they lie in the repository, and what training makes of v1 without photos."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.training import tensorflow_2_1
from tests.training.color.test_export import png
from training.cli import main
from training.color import networks, recipes
from training.color.evaluate import load_colorer
from training.color.export import write_saved_model
from training.photos.lab import rgb_to_lab
from training.publishing.weights import load_weights

pytestmark = pytest.mark.long(1)

ROOT = Path(__file__).resolve().parents[3]
V1, V2 = (ROOT / "models" / "color" / name for name in ("v1", "v2"))


@pytest.fixture(params=[V1, V2], ids=["v1", "v2"])
def model(request) -> Path:
    return request.param


def gray_samples() -> list[np.ndarray]:
    paths = sorted((ROOT / "samples" / "gray").glob("*.jpg"))
    return [np.asarray(Image.open(path).convert("RGB").resize((256, 192))) for path in paths]


def chroma(ab: np.ndarray) -> float:
    return float(np.hypot(ab[..., 0], ab[..., 1]).mean())


def test_the_folder(model):
    version = model.name.removeprefix("v")
    names = {path.name for path in model.iterdir()}
    assert {version, "training.json", "README.md"} <= names
    files = [path for path in (model / version).rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 25e6
    record = json.loads((model / "training.json").read_text())
    assert record["recipe"]["name"] == model.name
    assert not [name for name in record["data"] if "/" in name]


def test_written_anew_from_its_own_weights_it_gives_the_same_colors(model, tmp_path):
    recipe = recipes.load(model.name)
    network = networks.build(recipe)
    load_weights(model, network)
    write_saved_model(tmp_path / "1", network, "anew", recipe)
    lab = rgb_to_lab(gray_samples()[0])
    published, anew = load_colorer(model)(lab), load_colorer(tmp_path)(lab)
    assert np.abs(published - anew).mean() < 0.02 * np.abs(published).mean()


def test_it_colors_every_sample(model):
    color = load_colorer(model)
    assert min(chroma(color(rgb_to_lab(photo))) for photo in gray_samples()) > 4


def test_training_without_data_publishes_what_still_colors(tmp_path, capsys):
    arguments = ["--export-root", str(tmp_path), "--samples", "48", "--samples-per-epoch", "24"]
    assert main(arguments) == 0
    assert "training the shipped v1 on" in capsys.readouterr().out
    shipped, tuned = load_colorer(V1), load_colorer(tmp_path)
    for photo in gray_samples()[:4]:
        lab = rgb_to_lab(photo)
        assert chroma(tuned(lab)) > 0.5 * chroma(shipped(lab)) > 2
    record = json.loads((tmp_path / "v1" / "training.json").read_text())
    assert (record["started_from"], record["data"]) == ("color/v1", ["samples"])


@pytest.mark.slow
def test_tensorflow_2_1_serves_it(model):
    version = model / model.name.removeprefix("v")
    definition = tensorflow_2_1.definitions(version)["packed"]
    photo = gray_samples()[0]
    lightness = rgb_to_lab(photo)[..., 0]
    (ab_bytes,) = tensorflow_2_1.run(
        version,
        {definition.inputs["l_bytes"].name: png(np.rint(lightness * 2.55).astype(np.uint8))},
        [(definition.outputs["ab_bytes"].name, True)],
    )
    with Image.open(io.BytesIO(ab_bytes)) as picture:
        ab = np.asarray(picture).astype(np.float32) - 128
    expected = load_colorer(model)(rgb_to_lab(photo))[2::4, 2::4]
    assert np.abs(ab - expected).mean() < 0.1 * np.abs(expected).mean() + 0.5
