"""The warm-up record of a SavedModel, as the model server reads it."""

from pathlib import Path

import numpy as np


def replayed(saved_model: Path, signatures) -> list[str]:
    """Ask a loaded model what its record asks; the signatures that were asked, in order."""
    import tensorflow as tf

    replayed_names = []
    for name, inputs in _record(saved_model):
        replayed_names.append(name)
        assert signatures[name](**{key: tf.constant(value) for key, value in inputs.items()})
    return replayed_names


def requests(saved_model: Path) -> list[dict[str, np.ndarray]]:
    """The inputs of each request in the record."""
    return [inputs for _, inputs in _record(saved_model)]


def _record(saved_model: Path) -> list[tuple[str, dict[str, np.ndarray]]]:
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_log_pb2

    path = saved_model / "assets.extra" / "tf_serving_warmup_requests"
    found = []
    for record in tf.data.TFRecordDataset(str(path)):
        request = prediction_log_pb2.PredictionLog.FromString(record.numpy()).predict_log.request
        inputs = {name: tf.make_ndarray(value) for name, value in request.inputs.items()}
        found.append((request.model_spec.signature_name, inputs))
    return found
