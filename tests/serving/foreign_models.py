"""Writes models as other people's tools do; run as a program, because they warn a lot.

    python tests/serving/foreign_models.py DIR

writes DIR/keras/1, DIR/hub/1, DIR/session/1, DIR/ranks/1 and DIR/counter/1.
"""

import sys
from pathlib import Path

import tensorflow as tf


def write_keras(folder: Path) -> None:
    """A Keras classifier with two named inputs, by `model.export`: one output, `output_0`."""
    import keras

    keras.utils.set_random_seed(0)
    image = keras.Input((8, 8, 3), name="image")
    extra = keras.Input((4,), name="extra")
    x = keras.layers.Conv2D(4, 3, activation="relu")(image)
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.BatchNormalization()(x))
    x = keras.layers.Concatenate()([x, extra])
    model = keras.Model([image, extra], keras.layers.Dense(5, activation="softmax")(x))
    model.export(str(folder), verbose=False)


class HubModule(tf.Module):
    """The interface of a TensorFlow Hub style-transfer module: callable, two pictures in."""

    def __init__(self) -> None:
        super().__init__()
        self.strength = tf.Variable(0.25)
        self.trainable_variables_ = [self.strength]

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None, None, 3], tf.float32, name="placeholder"),
            tf.TensorSpec([None, None, None, 3], tf.float32, name="placeholder_1"),
        ]
    )
    def __call__(self, placeholder, placeholder_1):
        style = tf.reduce_mean(placeholder_1, [1, 2], keepdims=True)
        return {"output_0": placeholder + self.strength * (style - placeholder)}


def write_hub(folder: Path) -> None:
    """A TF2 Hub module: called directly, and through `serving_default`."""
    module = HubModule()
    tf.saved_model.save(module, str(folder), signatures=module.__call__)


def write_session(folder: Path) -> None:
    """A TensorFlow 1 model with a lookup table in a file, by the builder of that time."""
    v1 = tf.compat.v1
    vocabulary = folder.parent / "vocabulary.txt"
    vocabulary.parent.mkdir(parents=True, exist_ok=True)
    vocabulary.write_text("red\ngreen\nblue\n")
    with tf.Graph().as_default(), v1.Session() as session:
        words = v1.placeholder(tf.string, [None], name="words")
        table = tf.lookup.StaticHashTable(
            tf.lookup.TextFileInitializer(
                str(vocabulary),
                tf.string,
                tf.lookup.TextFileIndex.WHOLE_LINE,
                tf.int64,
                tf.lookup.TextFileIndex.LINE_NUMBER,
            ),
            -1,
        )
        weights = v1.get_variable("weights", initializer=[1.0, 2.0, 4.0, 0.0], use_resource=True)
        ids = table.lookup(words)
        scores = tf.gather(weights, tf.where(ids < 0, tf.constant(3, tf.int64), ids))
        session.run([v1.global_variables_initializer(), v1.tables_initializer()])
        builder = v1.saved_model.Builder(str(folder))
        builder.add_meta_graph_and_variables(
            session,
            [v1.saved_model.tag_constants.SERVING],
            {
                "serving_default": v1.saved_model.predict_signature_def(
                    {"words": words}, {"ids": ids, "scores": scores}
                )
            },
            assets_collection=v1.get_collection(v1.GraphKeys.ASSET_FILEPATHS),
            main_op=v1.tables_initializer(),
        )
        builder.save()
    vocabulary.unlink()


def _write_tensorflow_1(folder: Path, session, signatures: dict) -> None:
    v1 = tf.compat.v1
    session.run(v1.global_variables_initializer())
    builder = v1.saved_model.Builder(str(folder))
    builder.add_meta_graph_and_variables(
        session, [v1.saved_model.tag_constants.SERVING], signatures
    )
    builder.save()


def write_ranks(folder: Path) -> None:
    """y = x / 2 + 3 as half_plus_three has it: x of rank 2 by one signature, of rank 0 by another,
    with variables of TensorFlow 1.
    """
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        a = v1.get_variable("a", initializer=0.5, use_resource=False)
        b = v1.get_variable("b", initializer=3.0, use_resource=False)
        signatures = {}
        for name, shape in (("serving_default", [None, 1]), ("scalar", [])):
            x = v1.placeholder(tf.float32, shape, name=f"x_{name}")
            y = a * x + b
            signatures[name] = v1.saved_model.predict_signature_def({"x": x}, {"y": y})
        _write_tensorflow_1(folder, session, signatures)


def write_counter(folder: Path) -> None:
    """A counter as saved_model_counter has it: a variable of the type float_ref is an output."""
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        counter = v1.get_variable("counter", initializer=0.0, use_resource=False)
        delta = v1.placeholder(tf.float32, [], name="delta")
        define, method = v1.saved_model.predict_signature_def, "tensorflow/serving/predict"
        signatures = {
            "get_counter": v1.saved_model.build_signature_def(
                {}, {"output": v1.saved_model.build_tensor_info(counter)}, method
            ),
            "incr_counter": define({"delta": delta}, {"output": v1.assign_add(counter, 1.0)}),
            "incr_counter_by": define({"delta": delta}, {"output": v1.assign_add(counter, delta)}),
        }
        assert signatures["incr_counter_by"].outputs["output"].dtype == 101  # DT_FLOAT_REF
        _write_tensorflow_1(folder, session, signatures)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    write_keras(target / "keras" / "1")
    write_hub(target / "hub" / "1")
    write_session(target / "session" / "1")
    write_ranks(target / "ranks" / "1")
    write_counter(target / "counter" / "1")
