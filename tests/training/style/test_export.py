"""What is published of a style model: both signatures, any size, and the runtime of 2020."""

import io

import keras
import numpy as np
import pytest
from PIL import Image

from tests.training import tensorflow_2_1
from tests.training.color.test_export import png
from tests.training.style.conftest import smooth
from tests.training.warm_up import replayed, requests
from training.style.export import NetworkPainter, mirror_pad, style_scale, write_saved_model
from training.style.network import stylizer


@pytest.fixture(scope="module")
def networks(tiny_recipe):
    """Networks whose styles show: the scales and shifts of a fresh one hardly differ.

    Their weights are float16's, as those that are published: instance normalization can make
    any difference of untrained weights large.
    """
    keras.utils.set_random_seed(0)
    style_network, transformer = stylizer(tiny_recipe)
    rng = np.random.default_rng(0)
    for variable in transformer.trainable_weights:
        if variable.path.endswith("kernel") and len(variable.shape) == 2:
            variable.assign(rng.standard_normal(variable.shape) * 0.3)
    for network in (style_network, transformer):
        network.set_weights([weight.astype(np.float16) for weight in network.get_weights()])
    return style_network, transformer


@pytest.fixture(scope="module")
def saved_model(networks, tmp_path_factory):
    folder = tmp_path_factory.mktemp("style") / "7"
    write_saved_model(folder, NetworkPainter(*networks), "style/v7")
    return folder


@pytest.fixture(scope="module")
def signatures(saved_model):
    import tensorflow as tf

    model = tf.saved_model.load(str(saved_model))
    yield model.signatures


def floats(*pictures: np.ndarray) -> np.ndarray:
    return np.stack(pictures).astype(np.float32) / 255


def decoded(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as picture:
        assert (picture.format, picture.mode) == ("PNG", "RGB")
        return np.asarray(picture).astype(np.float32)


def random(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def serve(signatures, contents: np.ndarray, styles: np.ndarray) -> np.ndarray:
    import tensorflow as tf

    inputs = {"placeholder": tf.constant(contents), "placeholder_1": tf.constant(styles)}
    return signatures["serving_default"](**inputs)["output_0"].numpy()


def pack(signatures, contents, styles, strengths) -> list[np.ndarray]:
    import tensorflow as tf

    answer = signatures["packed"](
        content_bytes=tf.constant([png(picture) for picture in contents]),
        style_bytes=tf.constant([png(picture) for picture in styles]),
        strength=tf.constant(strengths, tf.float32),
    )
    assert answer["model"].numpy().tolist() == [b"style/v7"] * len(contents)
    return [decoded(data) for data in answer["stylized_bytes"].numpy()]


def painted(networks, photo: np.ndarray, style: np.ndarray) -> np.ndarray:
    """What the networks make of it, without a graph of ours."""
    style_network, transformer = networks
    return np.asarray(transformer([photo, np.asarray(style_network(style))], training=False))


def assert_same_painting(one: np.ndarray, other: np.ndarray) -> None:
    """Equal but for the order of sums, which instance normalization makes larger by the hundred
    where a channel of untrained networks is nearly flat.
    """
    np.testing.assert_allclose(one, other, atol=0.02)
    assert np.abs(one - other).mean() < 0.001


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (7, 9), (64, 48), (101, 66)])
def test_any_size_of_photo_and_style(signatures, size):
    painted = serve(signatures, floats(random(*size)), floats(random(size[1], size[0])))
    assert painted.shape == (1, *size, 3)
    assert painted.min() >= 0 and painted.max() <= 1
    (packed,) = pack(signatures, [random(*size)], [random(3, 5)], [0.5])
    assert packed.shape == (*size, 3)


def test_it_paints_what_the_networks_paint(signatures, networks):
    photo, style = floats(smooth(0, 64)), floats(smooth(1, 256))
    expected = painted(networks, photo, style)
    assert_same_painting(serve(signatures, photo, style), expected)
    assert np.abs(expected - painted(networks, photo, 1 - style)).max() > 0.1


def test_one_style_serves_a_batch(signatures):
    photos, style = floats(smooth(0, 32), smooth(1, 32)), floats(smooth(2, 256))
    together = serve(signatures, photos, style)
    for k in range(2):
        alone = serve(signatures, photos[k : k + 1], style)
        assert_same_painting(together[k : k + 1], alone)


def test_packed_answers_mixed_sizes_each_as_if_alone(signatures):
    contents = [random(40, 64), random(9, 30, 1), random(1, 1, 2)]
    styles = [smooth(3, 50), random(20, 90, 4), random(300, 300, 5)]
    strengths = [1.0, 0.5, 0.0]
    together = pack(signatures, contents, styles, strengths)
    for k in range(3):
        (alone,) = pack(signatures, contents[k : k + 1], styles[k : k + 1], strengths[k : k + 1])
        np.testing.assert_allclose(alone, together[k], atol=3)


def test_packed_agrees_with_serving_default(signatures):
    photo, style = smooth(0, 50), smooth(1, 256)
    (packed,) = pack(signatures, [photo], [style], [1.0])
    np.testing.assert_allclose(
        packed / 255, serve(signatures, floats(photo), floats(style))[0], atol=0.02
    )


def test_strength_is_the_share_of_the_painting_and_the_rest_is_the_photo_itself(signatures):
    photo, style = random(61, 45), smooth(1, 256)
    none, some, full = pack(signatures, [photo] * 3, [style] * 3, [0.0, 0.3, 1.0])
    np.testing.assert_array_equal(none, photo)
    assert np.abs(full - photo).mean() > 10
    np.testing.assert_allclose(some, photo + 0.3 * (full - photo), atol=1)
    beyond = pack(signatures, [photo] * 2, [style] * 2, [-3.0, 7.0])
    np.testing.assert_array_equal(beyond, [none, full])


def test_a_gray_png_is_a_photo_too(signatures):
    gray = smooth(0, 40)[..., 0]
    (one,) = pack(signatures, [gray], [smooth(1, 60)], [1.0])
    (other,) = pack(signatures, [np.repeat(gray[..., None], 3, -1)], [smooth(1, 60)], [1.0])
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("height", "width"), [(1, 2), (2, 3), (5, 17), (16, 20), (30, 41)])
def test_mirroring_is_numpys(height, width):
    picture = np.random.default_rng(0).random((1, height, width, 3), np.float32)
    padded = [max(-(-side // 4) * 4, 16) - side for side in (height, width)]
    expected = np.pad(picture, ((0, 0), (0, padded[0]), (0, padded[1]), (0, 0)), "reflect")
    np.testing.assert_array_equal(mirror_pad(picture), expected)


@pytest.mark.parametrize(
    ("size", "scaled"),
    [
        ((256, 256), (256, 256)),
        ((512, 128), (512, 128)),
        ((1, 1), (256, 256)),
        ((900, 1600), (192, 341)),
        ((1, 10_000), (3, 2048)),
    ],
)
def test_styles_are_seen_at_one_area_and_in_their_proportions(size, scaled):
    assert style_scale(np.zeros((1, *size, 3), np.float32)).shape[1:3] == scaled


def test_warmup_record_replays_and_is_small(saved_model, signatures):
    path = saved_model / "assets.extra" / "tf_serving_warmup_requests"
    assert path.stat().st_size < 500_000
    assert replayed(saved_model, signatures) == ["packed", "serving_default"]


def test_warmup_record_is_a_photo_and_a_style_picture(saved_model):
    """By which a model server judges what rounding would change of them."""
    packed, default = requests(saved_model)
    names = {"content_bytes": "placeholder", "style_bytes": "placeholder_1"}
    for name, other in names.items():
        picture = decoded(packed[name][0])
        assert picture.shape == (256, 256, 3)
        colors = np.unique(picture.reshape(-1, 3), axis=0)
        assert len(colors) > 10_000
        small = picture.reshape(64, 4, 64, 4, 3).mean(axis=(1, 3)) / 255
        np.testing.assert_allclose(default[other][0], small, atol=1e-6)
    assert packed["content_bytes"][0] != packed["style_bytes"][0]


def test_the_weights_are_stored_once_and_in_half(saved_model, networks):
    graph = (saved_model / "saved_model.pb").stat().st_size
    assert graph < 2 * sum(network.count_params() for network in networks) + 600_000


@pytest.mark.slow
def test_tensorflow_2_1_runtime_agrees(saved_model, signatures):
    definitions = tensorflow_2_1.definitions(saved_model)
    photo, style = smooth(0, 61), smooth(1, 90)

    definition = definitions["serving_default"]
    inputs = {"placeholder": floats(photo), "placeholder_1": floats(style)}
    (old,) = tensorflow_2_1.run(
        saved_model,
        {definition.inputs[name].name: value for name, value in inputs.items()},
        [(definition.outputs["output_0"].name, False)],
    )
    assert_same_painting(old, serve(signatures, *inputs.values()))

    definition = definitions["packed"]
    for strength in (0.3, 1.0):
        inputs = {
            "content_bytes": png(photo),
            "style_bytes": png(style),
            "strength": np.array([strength], np.float32),
        }
        stylized, model = tensorflow_2_1.run(
            saved_model,
            {definition.inputs[name].name: value for name, value in inputs.items()},
            [(definition.outputs[name].name, True) for name in ("stylized_bytes", "model")],
        )
        assert model == b"style/v7"
        (new,) = pack(signatures, [photo], [style], [strength])
        np.testing.assert_allclose(decoded(stylized), new, atol=3)
