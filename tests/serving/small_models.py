"""Small models that tests publish as versions."""

from pathlib import Path

import tensorflow as tf


class AddVersion(tf.Module):
    """y = x + version: a reply tells which version gave it. `calls` counts the runs so far."""

    def __init__(self, version: int):
        super().__init__()
        self.version = tf.Variable(float(version))
        self.runs = tf.Variable(0)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def serving_default(self, x):
        return {"y": x + self.version}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def calls(self, x):
        return {"runs": tf.zeros_like(x, tf.int32) + self.runs.assign_add(1)}


def write_version(
    base_path: Path,
    version: int,
    *,
    requests: list[dict] | None = None,
    cut: int = 0,
    count: bool = False,
) -> Path:
    """Publish y = x + version, whole at once; `requests` become its warm-up record.

    Each request is {"signature_name": …, "x": [...]}; `cut` bytes of the record are missing at its
    end. With `count`, the signature is `calls`.
    """
    model = AddVersion(version)
    signatures = {"serving_default": model.calls if count else model.serving_default}
    folder = base_path / str(version)
    hidden = base_path / f".{version}"
    tf.saved_model.save(model, str(hidden), signatures=signatures)
    if requests is not None:
        write_warmup_record(hidden, requests, cut)
    hidden.rename(folder)
    return folder


def write_warmup_record(folder: Path, requests: list[dict], cut: int = 0) -> None:
    from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

    (folder / "assets.extra").mkdir(exist_ok=True)
    record = folder / "assets.extra" / "tf_serving_warmup_requests"
    with tf.io.TFRecordWriter(str(record)) as file:
        for request in requests:
            predict = predict_pb2.PredictRequest()
            predict.model_spec.signature_name = request.get("signature_name", "")
            name, values = next((k, v) for k, v in request.items() if k != "signature_name")
            predict.inputs[name].CopyFrom(tf.make_tensor_proto(values, tf.float32))
            log = prediction_log_pb2.PredictionLog(
                predict_log=prediction_log_pb2.PredictLog(request=predict)
            )
            file.write(log.SerializeToString())
    if cut:
        record.write_bytes(record.read_bytes()[:-cut])
