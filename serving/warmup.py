"""First requests for a model that was just loaded, so that its first caller does not wait.

A model brings its own in `assets.extra/tf_serving_warmup_requests`: a TFRecord file of
PredictionLog messages, as TensorFlow Serving replays them. For one that brings no predict request,
each signature is run once on zeros.
"""

import logging
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from serving.errors import ServingError, from_tensorflow, invalid
from serving.servable import Servable, Signature

RECORD = Path("assets.extra") / "tf_serving_warmup_requests"
MAX_RECORDS = 1000  # TensorFlow Serving's own limit

# What stands for an unknown size, tried in this order: pictures and sequences that are too small
# fail in many networks, too large ones in few.
UNKNOWN_SIZES = (32, 1)

logger = logging.getLogger(__name__)


def warm_up(servable: Servable, folder: Path) -> int:
    """Run the model's first requests and return their number.

    A model that fails on its own warm-up record is broken: ServingError.
    """
    record = folder / RECORD
    if record.exists() and (count := _replay(servable, record)):
        return count
    return sum(_run_on_zeros(signature) for signature in servable.signatures.values())


def _replay(servable: Servable, record: Path) -> int:
    count = 0
    try:
        for serialized in tf.data.TFRecordDataset(str(record)).take(MAX_RECORDS):
            log = prediction_log_pb2.PredictionLog.FromString(serialized.numpy())
            if log.WhichOneof("log_type") != "predict_log":
                logger.info("warm-up: a %s is skipped", log.WhichOneof("log_type"))
                continue
            _replay_predict(servable, log.predict_log.request)
            count += 1
    except ServingError as error:
        raise ServingError(error.code, f"warm-up request {count + 1}: {error.message}") from error
    except tf.errors.OpError as error:
        cause = from_tensorflow(error)
        raise ServingError(cause.code, f"warm-up request {count + 1}: {cause.message}") from error
    except Exception as error:  # protobuf's DecodeError, and what TensorFlow's Python layer raises
        text = " ".join(str(error).split())
        raise ServingError("DATA_LOSS", f"warm-up request {count + 1}: {text}") from error
    return count


def _replay_predict(servable: Servable, request: Any) -> None:
    signature = servable.signature(request.model_spec.signature_name)
    if set(request.inputs) != set(signature.inputs):
        raise invalid(f"inputs {sorted(request.inputs)} given, {sorted(signature.inputs)} expected")
    signature({name: tf.constant(tf.make_ndarray(proto)) for name, proto in request.inputs.items()})


def _run_on_zeros(signature: Signature) -> int:
    problem: Exception | None = None
    for size in UNKNOWN_SIZES:
        try:
            signature({name: _zeros(signature, name, size) for name in signature.inputs})
            return 1
        except Exception as error:  # the model may refuse zeros in any way; it is not broken then
            problem = error
    if problem is not None:
        logger.info(
            "warm-up: signature %s does not run on zeros (%s)",
            signature.name,
            from_tensorflow(problem).message[:200],
        )
    return 0


def _zeros(signature: Signature, name: str, unknown_size: int) -> Any:
    spec = signature.inputs[name]
    dtype = signature.function.structured_input_signature[1][name].dtype
    # The first size is the batch's, and a rank that the signature leaves open is most often 1.
    shape = [
        (1 if axis == 0 else unknown_size) if size is None else size
        for axis, size in enumerate((None,) if spec.shape is None else spec.shape)
    ]
    return tf.zeros(shape, dtype)
