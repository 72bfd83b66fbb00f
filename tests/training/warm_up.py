"""What the model server does with the warm-up record of a SavedModel."""

from pathlib import Path


def replayed(saved_model: Path, signatures) -> list[str]:
    """Ask a loaded model what its record asks; the signatures that were asked, in order."""
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_log_pb2

    path = saved_model / "assets.extra" / "tf_serving_warmup_requests"
    asked = []
    for record in tf.data.TFRecordDataset(str(path)):
        log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
        request = log.predict_log.request
        inputs = {name: tf.constant(tf.make_ndarray(t)) for name, t in request.inputs.items()}
        asked.append(request.model_spec.signature_name)
        assert signatures[asked[-1]](**inputs)
    return asked
