"""First requests for a model that was just loaded, so that its first caller does not wait.

A model brings its own in `assets.extra/tf_serving_warmup_requests`: a TFRecord file of
PredictionLog messages, as TensorFlow Serving replays them. No other request is made up: a signature
may train the model, or count.
"""

import logging
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from tensorflow.python.framework.errors import OpError
from tensorflow.python.framework.tensor_util import MakeNdarray
from tensorflow.python.lib.io.tf_record import tf_record_iterator
from tensorflow_serving.apis import prediction_log_pb2

from serving.errors import ServingError, from_tensorflow, invalid
from serving.servable import Servable

RECORD = Path("assets.extra") / "tf_serving_warmup_requests"
MAX_RECORDS = 1000  # TensorFlow Serving's own limit

logger = logging.getLogger(__name__)


def warm_up(servable: Servable, folder: Path) -> list[dict[str, np.ndarray]]:
    """Run the model's own record, if it brings one, and return the answers to its requests.

    A model that fails on its own warm-up record is broken: ServingError.
    """
    record = folder / RECORD
    return _replay(servable, record) if record.exists() else []


def _replay(servable: Servable, record: Path) -> list[dict[str, np.ndarray]]:
    answers: list[dict[str, np.ndarray]] = []
    try:
        for serialized in islice(tf_record_iterator(str(record)), MAX_RECORDS):
            log = prediction_log_pb2.PredictionLog.FromString(serialized)
            if log.WhichOneof("log_type") != "predict_log":
                logger.info("warm-up: a %s is skipped", log.WhichOneof("log_type"))
                continue
            answers.append(_replay_predict(servable, log.predict_log.request))
    except ServingError as error:
        raise ServingError(
            error.code, f"warm-up request {len(answers) + 1}: {error.message}"
        ) from error
    except OpError as error:
        cause = from_tensorflow(error)
        raise ServingError(
            cause.code, f"warm-up request {len(answers) + 1}: {cause.message}"
        ) from error
    except Exception as error:  # protobuf's DecodeError, and what TensorFlow's Python layer raises
        text = " ".join(str(error).split())
        raise ServingError("DATA_LOSS", f"warm-up request {len(answers) + 1}: {text}") from error
    return answers


def _replay_predict(servable: Servable, request: Any) -> dict[str, np.ndarray]:
    signature = servable.signature(request.model_spec.signature_name)
    if set(request.inputs) != set(signature.inputs):
        raise invalid(f"inputs {sorted(request.inputs)} given, {sorted(signature.inputs)} expected")
    return signature({name: MakeNdarray(proto) for name, proto in request.inputs.items()})
