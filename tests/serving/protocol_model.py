"""A SavedModel with a signature for every case of `cases/`: echoes, fixed replies, x / 2 + 2."""

import json
from pathlib import Path

import tensorflow as tf

CASES = Path(__file__).parent / "cases"


def read_cases(name: str) -> list[dict]:
    return [json.loads(line) for line in (CASES / f"{name}.jsonl").read_text().splitlines()]


def signature_inputs() -> dict[str, dict[str, str]]:
    """Signature name → input name → type, by TensorFlow Serving's names of types."""
    return {case["sig"]: case["inputs"] for case in read_cases("signatures")}


def tensorflow_type(name: str) -> tf.DType:
    return tf.dtypes.as_dtype({"float": "float32", "double": "float64"}.get(name, name))


def _echo(inputs: dict[str, str]) -> tf.types.experimental.ConcreteFunction:
    """Answers its inputs; what JSON cannot carry comes back as float32."""

    def echo(**tensors):
        return {
            name: tf.cast(tensor, tf.float32) if tensor.dtype == tf.float16 else tf.identity(tensor)
            for name, tensor in tensors.items()
        }

    return tf.function(echo).get_concrete_function(
        **{
            name: tf.TensorSpec(None, tensorflow_type(dtype), name=name)
            for name, dtype in inputs.items()
        }
    )


def _fixed(outputs: dict[str, list]) -> tf.types.experimental.ConcreteFunction:
    """Answers the output tensors of an `encode` case, whatever it is asked."""

    def constant(dtype: str, shape: list[int], values: list):
        if dtype in ("float", "double"):
            values = [float(value) for value in values]
        if dtype == "complex64":
            values = [complex(value.replace("(", "").replace(")", "")) for value in values]
        return tf.constant(values, tensorflow_type(dtype), shape=shape)

    def reply(ask):
        del ask
        return {name: constant(*output) for name, output in outputs.items()}

    return tf.function(reply).get_concrete_function(tf.TensorSpec(None, tf.int32, name="ask"))


class HalfPlusTwo(tf.Module):
    """y = x / 2 + 2 for any shape, with variables as a trained model has them."""

    def __init__(self):
        super().__init__()
        self.a = tf.Variable(0.5)
        self.b = tf.Variable(2.0)

    @tf.function(input_signature=[tf.TensorSpec(None, tf.float32, name="x")])
    def serving_default(self, x):
        return {"y": self.a * x + self.b}

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x")])
    def pairs(self, x):
        return {"y": self.a * x + self.b}

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x")])
    def product(self, x):
        return {"y": tf.matmul(x, tf.ones([2, 1]))}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="png_bytes")])
    def raises(self, png_bytes):
        return {"size": tf.map_fn(_png_size, png_bytes, fn_output_signature=tf.int32)}

    @tf.function(input_signature=[tf.TensorSpec(None, tf.int32, name="milliseconds")])
    def slow(self, milliseconds):
        """Computes for so long by the clock, on a fast machine and a slow one."""
        end = tf.timestamp() + tf.cast(tf.reduce_max(milliseconds), tf.float64) / 1000.0
        (m,) = tf.while_loop(
            lambda _: tf.timestamp() < end,
            lambda m: (tf.matmul(m, m) / 512.0,),
            (tf.ones((512, 512)),),
        )
        return {"y": tf.reduce_mean(m) + tf.zeros_like(milliseconds, tf.float32)}


def _png_size(png):
    return tf.size(tf.io.decode_png(png))


def write_protocol_model(folder: Path) -> Path:
    """Write the model to `folder` and return that."""
    model = HalfPlusTwo()
    signatures = {
        "serving_default": model.serving_default,
        "predict_images": _echo({"default": "int32"}),
        "pairs": model.pairs,
        "product": model.product,
        "raises": model.raises,
        "slow": model.slow,
    }
    signatures |= {name: _echo(inputs) for name, inputs in signature_inputs().items()}
    signatures |= {case["id"]: _fixed(case["outputs"]) for case in read_cases("encode")}
    tf.saved_model.save(model, str(folder), signatures=signatures)
    return folder
