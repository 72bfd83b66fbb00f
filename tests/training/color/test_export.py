"""What is published: both signatures, any size, and the runtime of 2020."""

import dataclasses
import io

import keras
import numpy as np
import pytest
from PIL import Image

from tests.training import tensorflow_2_1
from tests.training.warm_up import replayed, requests
from training.color import networks, recipes
from training.color.all_convolution import all_convolution
from training.color.export import write_saved_model


@pytest.fixture(scope="module")
def network() -> keras.Model:
    """A narrow network with weights that give visible color, float16's as those of a version."""
    network = all_convolution(width=8, dilations=(1, 2), seed=3)
    rng = np.random.default_rng(0)
    network.get_layer("ab").kernel.assign(0.02 * rng.standard_normal((3, 3, 8, 2)))
    network.set_weights([weights.astype(np.float16) for weights in network.get_weights()])
    return network


@pytest.fixture(scope="module")
def saved_model(network, tmp_path_factory):
    folder = tmp_path_factory.mktemp("export") / "7"
    recipe = dataclasses.replace(recipes.load("v1"), chroma_gain=1.5)
    write_saved_model(folder, network, "color/v7", recipe)
    return folder


@pytest.fixture(scope="module")
def semantic_model(tmp_path_factory):
    """v2's graph: the other network, on a smaller photo."""
    small = {"encoder": 0, "decoder": (16, 16, 16, 8), "pretrained": False}
    recipe = dataclasses.replace(recipes.load("v2"), **small)
    network = networks.build(recipe)
    kernel = 20 * np.random.default_rng(0).standard_normal((3, 3, 8, 2))  # that color is visible
    network.get_layer("ab").kernel.assign(kernel)
    folder = tmp_path_factory.mktemp("semantic") / "7"
    write_saved_model(folder, network, "color/v7", recipe)
    return folder


@pytest.fixture(scope="module")
def signatures(saved_model):
    import tensorflow as tf

    model = tf.saved_model.load(str(saved_model))
    yield model.signatures


def gray(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def ab_pixels(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.mode == "LA"
        return np.asarray(picture).astype(np.float32)


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (7, 9), (64, 48), (101, 64)])
def test_serving_default_takes_any_size(signatures, size):
    import tensorflow as tf

    lightness = tf.constant(gray(*size)[None, ..., None] / 2.55, tf.float32)
    (ab,) = signatures["serving_default"](input_1=lightness).values()
    assert ab.shape == (1, *size, 2)
    assert np.abs(ab).max() <= 1.0


def test_packed_answers_a_batch_of_mixed_sizes_each_as_if_alone(signatures):
    import tensorflow as tf

    pictures = [png(gray(40, 64)), png(gray(9, 30, 1)), png(gray(1, 1, 2))]
    together = signatures["packed"](l_bytes=tf.constant(pictures))
    assert together["model"].numpy().tolist() == [b"color/v7"] * 3
    shapes = [ab_pixels(data).shape for data in together["ab_bytes"].numpy()]
    assert shapes == [(10, 16, 2), (3, 8, 2), (1, 1, 2)]
    for picture, answer in zip(pictures, together["ab_bytes"].numpy(), strict=True):
        alone = signatures["packed"](l_bytes=tf.constant([picture]))["ab_bytes"].numpy()[0]
        np.testing.assert_array_equal(ab_pixels(alone), ab_pixels(answer))


def test_both_signatures_give_the_network_times_the_gain(signatures, network):
    import tensorflow as tf

    pixels = gray(32, 40)
    lightness = tf.constant(pixels[None, ..., None] * (100 / 255), tf.float32)
    expected = np.clip(network(lightness, training=False) * 1.5, -1, 1)[0]
    packed = signatures["packed"](l_bytes=tf.constant([png(pixels)]))["ab_bytes"].numpy()[0]
    np.testing.assert_allclose(ab_pixels(packed), expected * 128 + 128, atol=0.51)
    (ab,) = signatures["serving_default"](input_1=lightness).values()
    # Bilinear, a cell's center lies between its 2nd and 3rd pixel: their mean is near the cell's.
    assert np.abs(ab[0, 1::4, 1::4] - expected).mean() < 0.25 * np.abs(expected).mean()


def test_at_half_the_size_it_is_the_network_on_a_smaller_photo(tmp_path, network):
    import tensorflow as tf

    folder = tmp_path / "8"
    write_saved_model(
        folder, network, "color/v8", dataclasses.replace(recipes.load("v1"), scale=0.5)
    )
    ramp = np.linspace(10, 90, 64 * 64).reshape(64, 64)
    lightness = (ramp + 10 * (np.indices((64, 64)).sum(axis=0) % 2)).astype(np.float32)
    colors = tf.saved_model.load(str(folder)).signatures["serving_default"]
    (ab,) = colors(input_1=tf.constant(lightness[None, ..., None])).values()
    half = tf.image.resize(lightness[None, ..., None], (32, 32), antialias=True)
    cells = tf.image.resize(network(half), (16, 16)) * recipes.load("v1").chroma_gain
    expected = tf.image.resize(cells, (64, 64))
    np.testing.assert_allclose(ab.numpy(), expected.numpy(), atol=1e-4)


def test_warmup_record_replays(saved_model, signatures):
    assert replayed(saved_model, signatures) == ["packed", "serving_default"]


def test_warmup_record_is_a_photo_of_the_size_that_clients_send(saved_model):
    """By which a model server judges what rounding would change of it."""
    packed, default = requests(saved_model)
    (png,) = packed["l_bytes"]
    with Image.open(io.BytesIO(png)) as photo:
        assert (photo.mode, photo.size) == ("L", (256, 256))
        pixels = np.asarray(photo)
    assert len(np.unique(pixels)) > 200
    half = pixels.reshape(128, 2, 128, 2).mean(axis=(1, 3)) / 2.55
    np.testing.assert_allclose(default["input_1"][0, ..., 0], half, atol=1e-4)


def test_the_weights_are_stored_once_and_in_half(saved_model, network):
    size = sum(path.stat().st_size for path in saved_model.rglob("*") if path.is_file())
    assert size < 2 * network.count_params() + 700_000  # the graphs and the warm-up record


@pytest.mark.slow
@pytest.mark.parametrize("model", ["saved_model", "semantic_model"])
def test_tensorflow_2_1_runtime_agrees(model, request):
    import tensorflow as tf

    saved_model = request.getfixturevalue(model)
    loaded = tf.saved_model.load(str(saved_model))
    signatures = loaded.signatures
    definitions = tensorflow_2_1.definitions(saved_model)

    pixels = gray(60, 100)
    lightness = (pixels[None, ..., None] * (100 / 255)).astype(np.float32)
    definition = definitions["serving_default"]
    (old,) = tensorflow_2_1.run(
        saved_model,
        {definition.inputs["input_1"].name: lightness},
        [(definition.outputs["output_0"].name, False)],
    )
    (new,) = signatures["serving_default"](input_1=tf.constant(lightness)).values()
    assert np.ptp(new) > 0.1
    np.testing.assert_allclose(old, new, atol=1e-5)

    definition = definitions["packed"]
    ab, model = tensorflow_2_1.run(
        saved_model,
        {definition.inputs["l_bytes"].name: png(pixels)},
        [(definition.outputs[name].name, True) for name in ("ab_bytes", "model")],
    )
    assert model == b"color/v7"
    new = signatures["packed"](l_bytes=tf.constant([png(pixels)]))["ab_bytes"].numpy()[0]
    np.testing.assert_allclose(ab_pixels(ab), ab_pixels(new), atol=1)


@pytest.mark.slow
def test_the_old_runtime_does_refuse_what_is_not_frozen(tmp_path):
    """The test above means something: a plain export of today's TensorFlow fails there."""
    import tensorflow as tf

    module = tf.Module()
    module.scale = tf.Variable(2.0)
    signature = tf.function(
        lambda x: {"y": x * module.scale}, input_signature=[tf.TensorSpec([None], tf.float32)]
    )
    tf.saved_model.save(module, str(tmp_path / "1"), signatures=signature)
    with pytest.raises(RuntimeError, match="debug_name"):
        tensorflow_2_1.run(tmp_path / "1", {}, [])
