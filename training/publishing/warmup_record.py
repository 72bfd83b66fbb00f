"""The warm-up record of a SavedModel (TensorFlow Serving's SavedModel warm-up).

`assets.extra/tf_serving_warmup_requests` is a TFRecord file of serialized PredictionLog messages; a
model server replays them before it takes traffic.
"""

from collections.abc import Mapping
from pathlib import Path

import tensorflow as tf
from numpy.typing import NDArray
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2


def write_requests(folder: Path, requests: Mapping[str, Mapping[str, NDArray]]) -> None:
    """Write one request for each signature into the SavedModel `folder`: input name -> value."""
    path = folder / "assets.extra" / "tf_serving_warmup_requests"
    path.parent.mkdir()
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, inputs in requests.items():
            request = predict_pb2.PredictRequest()
            request.model_spec.signature_name = signature
            for name, value in inputs.items():
                request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
            log = prediction_log_pb2.PredictionLog(
                predict_log=prediction_log_pb2.PredictLog(request=request)
            )
            writer.write(log.SerializeToString())
