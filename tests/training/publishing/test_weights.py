"""Weights as constants of a published graph, and read back from it."""

import subprocess
import sys
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf

from training.publishing.frozen import freeze
from training.publishing.weights import WeightsError, load_weights, named_constants

ROOT = Path(__file__).resolve().parents[3]


def network(seed: int, filters: int = 40) -> keras.Model:
    """A network with weights of all kinds: large, all alike, and a single number."""
    keras.utils.set_random_seed(seed)
    picture = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(filters, 3, padding="same")(picture)
    made = keras.Model(picture, keras.layers.Conv2D(1, 1)(x), name="small")
    made.layers[-1].bias.assign([0.1 * seed])
    return made


def publish(folder: Path, *networks: keras.Model) -> None:
    """Write a SavedModel that runs all of `networks` in both of its signatures."""
    frozen = [freeze(each, tf.TensorSpec([None, None, None, 3])) for each in networks]

    class Model(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3])])
        def one(self, x):
            return {"y": tf.add_n([function(x) for function in frozen])}

        @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3])])
        def two(self, x):
            return {"y": tf.map_fn(lambda picture: self.one(picture[None])["y"][0], x)}

    model = Model()
    tf.saved_model.save(model, str(folder), signatures={"one": model.one, "two": model.two})


def rounded(made: keras.Model) -> list[np.ndarray]:
    return [weights.astype(np.float16).astype(np.float32) for weights in made.get_weights()]


@pytest.fixture
def version(tmp_path) -> Path:
    publish(tmp_path / "v1" / "1", network(1))
    return tmp_path / "v1"


def test_weights_are_stored_once_as_float16(version):
    large = network(1, filters=20_000)
    publish(version / "2", large)
    sizes = [(version / name / "saved_model.pb").stat().st_size for name in "12"]
    more = large.count_params() - network(1).count_params()
    assert sizes[1] - sizes[0] == pytest.approx(2 * more, rel=0.01)


def test_the_graph_computes_what_the_network_does_with_its_weights_rounded(version):
    expected = network(1)
    expected.set_weights(rounded(expected))
    picture = np.random.default_rng(0).random((2, 9, 7, 3), np.float32)
    signatures = tf.saved_model.load(str(version / "1")).signatures
    for name in ("one", "two"):
        (answer,) = signatures[name](x=tf.constant(picture)).values()
        np.testing.assert_allclose(answer, expected(picture), rtol=0, atol=1e-6)


@pytest.mark.parametrize("folder", ["v1", "v1/1"])
def test_weights_are_read_back(version, folder):
    other = network(2)
    load_weights(version.parent / folder, other)
    for one, two in zip(other.get_weights(), rounded(network(1)), strict=True):
        np.testing.assert_array_equal(one, two)


def test_each_of_several_networks_has_its_own(tmp_path):
    first, second = network(1), network(2)
    second.name = "second"
    publish(tmp_path / "1", first, second)
    others = network(3), network(4)
    others[1].name = "second"
    load_weights(tmp_path, *others)
    for other, one in zip(others, (first, second), strict=True):
        np.testing.assert_array_equal(other.get_weights()[0], rounded(one)[0])


def test_old_versions_have_weights_in_a_file(tmp_path):
    model = tf.Module()
    tf.saved_model.save(model, str(tmp_path / "v1" / "1"))
    before = network(1)
    with h5py.File(tmp_path / "v1" / "weights.h5", "w") as file:
        for index, weights in enumerate(before.get_weights()):
            file[f"{index:03d}"] = weights.astype(np.float16)
    for path in (tmp_path / "v1", tmp_path / "v1" / "1", tmp_path / "v1" / "weights.h5"):
        now = network(2)
        load_weights(path, now)
        np.testing.assert_array_equal(now.get_weights()[0], rounded(before)[0])


def test_missing_or_other_weights_are_refused(version, tmp_path):
    with pytest.raises(WeightsError, match="no SavedModel in"):
        load_weights(tmp_path / "none", network(1))
    with pytest.raises(WeightsError, match="of another network"):
        load_weights(version, network(1, filters=8))
    other = network(1)
    other.name = "other"
    with pytest.raises(WeightsError, match="of another network"):
        load_weights(version, other)
    (version / "1" / "saved_model.pb").write_bytes(b"\x12\xff\xff\xff")
    with pytest.raises(WeightsError, match="cannot read"):
        load_weights(version, network(1))


def test_no_tensorflow_is_needed(version):
    script = (
        "import sys; sys.modules['tensorflow'] = None\n"
        "from pathlib import Path\n"
        "from training.publishing.weights import named_constants\n"
        f"print(*sorted(named_constants(Path({str(version / '1' / 'saved_model.pb')!r}))))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True,
        env={"KERAS_BACKEND": "jax", "HOME": str(version)},
    )  # fmt: skip
    assert done.stdout.split() == sorted(named_constants(version / "1" / "saved_model.pb")), (
        done.stderr
    )
    assert len(done.stdout.split()) == 4
