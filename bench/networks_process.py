"""Networks side by side, in one process: `python -m bench.networks_process ROUNDS MODEL…`.

Each MODEL is a base path of versions. They are compared with an untrained plain U-Net of 9 GFLOPs
(Ronneberger et al. 2015, at a quarter of its width). Every network is a SavedModel, called in turns
through `serving_default` with one picture of 256×256. Standard output is one line of JSON: name,
GFLOPs (2 × multiply-accumulate), parameters, seconds.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.network_process import newest_version

SIDE = 256
U_NET = "plain U-Net"
WARM_UP_ROUNDS = 5


def main(rounds: int, models: list[Path]) -> int:
    """Measure, and print one line of JSON."""
    reply = os.fdopen(os.dup(1), "w")
    # Whatever a library prints must not look like the answer.
    os.dup2(2, 1)
    with tempfile.TemporaryDirectory() as folder:
        _write_u_net(folder)
        loaded = {U_NET: _load(Path(folder))}
        for base_path in models:
            loaded["/".join(base_path.parts[-2:])] = _load(newest_version(base_path))
        seconds = _take_turns({name: model.call for name, model in loaded.items()}, rounds)
    document = {
        name: {"gflops": model.gflops, "parameters": model.parameters, "seconds": seconds[name]}
        for name, model in loaded.items()
    }
    reply.write(json.dumps(document) + "\n")
    reply.flush()
    return 0


class _Network:
    """One SavedModel's `serving_default`, and what it costs at 256×256."""

    def __init__(self, model: Any, picture: Any):
        import tensorflow as tf

        self._model = model  # a signature dies with the object it came from
        signature = model.signatures["serving_default"]
        (name,) = signature.structured_input_signature[1]
        self.call = lambda: [out.numpy() for out in signature(**{name: picture}).values()]
        concrete = tf.function(lambda x: signature(**{name: x})).get_concrete_function(
            tf.TensorSpec(picture.shape, tf.float32)
        )
        graph = _frozen(concrete)
        options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
        options["output"] = "none"
        self.gflops = tf.compat.v1.profiler.profile(graph, options=options).total_float_ops / 1e9
        constants = (
            tf.make_ndarray(node.get_attr("value"))
            for node in graph.get_operations()
            if node.type == "Const" and node.outputs[0].dtype in (tf.float16, tf.float32)
        )
        # A network that is called twice, as at two sizes, has the same weights in both calls.
        self.parameters = sum({hash(each.tobytes()): each.size for each in constants}.values())


def _frozen(concrete: Any) -> Any:
    """The graph of a function with every call inlined and every size known where it can be."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    graph_def = convert_variables_to_constants_v2(concrete).graph.as_graph_def()
    graph = tf.Graph()
    with graph.as_default():
        tf.import_graph_def(graph_def, name="")
    return graph


def _load(folder: Path) -> _Network:
    import numpy as np
    import tensorflow as tf

    ramp = np.linspace(0.0, 100.0, SIDE * SIDE, dtype=np.float32).reshape(1, SIDE, SIDE, 1)
    return _Network(tf.saved_model.load(str(folder)), tf.constant(ramp))


def _take_turns(calls: dict[str, Any], rounds: int) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(-WARM_UP_ROUNDS, rounds):
        for name, call in calls.items():
            call()  # the caches are the others' until now
            started = time.perf_counter()
            call()
            if number >= 0:
                seconds[name].append(time.perf_counter() - started)
    return seconds


def _write_u_net(folder: str) -> None:
    import keras
    import tensorflow as tf

    def block(x: Any, filters: int) -> Any:
        for _ in range(2):
            x = keras.layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        return x

    inputs = keras.Input((SIDE, SIDE, 1))
    x, skips = inputs, []
    for depth in range(5):
        x = block(x, 16 << depth)
        skips.append(x)
        x = keras.layers.MaxPooling2D()(x)
    x = block(x, 16 << 5)
    for depth, skip in reversed(list(enumerate(skips))):
        x = keras.layers.UpSampling2D(interpolation="nearest")(x)
        x = block(keras.layers.Concatenate()([x, skip]), 16 << depth)
    network = keras.Model(inputs, keras.layers.Conv2D(2, 1)(x))

    module = tf.Module()
    predict = tf.function(
        lambda input_1: {"output_0": network(input_1, training=False)},
        input_signature=[tf.TensorSpec([None, SIDE, SIDE, 1], tf.float32, name="input_1")],
    )
    module.network = network
    tf.saved_model.save(module, folder, signatures={"serving_default": predict})


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), [Path(argument) for argument in sys.argv[2:]]))
