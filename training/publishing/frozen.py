"""A network as a function of TensorFlow whose weights are constants of the graph.

TensorFlow Serving 2.1.0 cannot read variables that today's TensorFlow writes. The constants are
float16 with a cast to float32 each: half the file, and the same numbers, as what is published is
rounded to float16. Their names are how `training.publishing.weights` finds them again.
"""

import keras
import numpy as np
import tensorflow as tf

from training.publishing.weights import constant_name


def freeze(network: keras.Model, *inputs: tf.TensorSpec) -> tf.types.experimental.ConcreteFunction:
    """`network`, inference, as a function of its inputs.

    A function, and not code of its caller, so that several signatures share one set of weights.
    """

    halves = [np.asarray(weights, np.float16) for weights in network.get_weights()]

    @tf.function(input_signature=list(inputs))
    def frozen(*pictures: tf.Tensor) -> tf.Tensor:
        constants = [
            tf.cast(tf.constant(half, name=constant_name(network, index)), tf.float32)
            for index, half in enumerate(halves)
        ]
        with keras.StatelessScope(zip(network.weights, constants, strict=True)):
            return network(pictures if len(pictures) > 1 else pictures[0], training=False)

    return frozen.get_concrete_function()
