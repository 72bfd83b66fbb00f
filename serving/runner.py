"""Runs signatures on a bounded number of threads, each request within its time.

TensorFlow spreads one run over all cores by itself, so a few runs at once use the machine fully and
more would only make each of them slower.
"""

import time
from collections.abc import Mapping
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import Any

import numpy as np
import tensorflow as tf

from serving.errors import ServingError, from_tensorflow
from serving.servable import Signature


def deadline_exceeded() -> ServingError:
    """The error of a request that took longer than the server allows."""
    return ServingError(
        "DEADLINE_EXCEEDED",
        "The request took longer than the server allows (--rest_api_timeout_in_ms)",
    )


class Runner:
    """At most `parallelism` runs at a time; the others wait their turn."""

    def __init__(self, parallelism: int):
        self._threads = ThreadPoolExecutor(parallelism, thread_name_prefix="tensorflow-run")

    def run(
        self, signature: Signature, arrays: Mapping[str, np.ndarray], deadline: float
    ) -> dict[str, np.ndarray]:
        """The outputs by name, sorted; `deadline` is on the monotonic clock.

        Raises TensorFlow's errors as ServingErrors and DEADLINE_EXCEEDED. TensorFlow cannot be
        stopped in the middle of a run: one that is past its time ends by itself and keeps its
        thread until then.
        """
        future = self._threads.submit(_run, signature, arrays)
        try:
            return future.result(timeout=max(0.0, deadline - time.monotonic()))
        except (TimeoutError, CancelledError):
            future.cancel()
            raise deadline_exceeded() from None
        finally:
            # Or an error, its traceback and this future would keep one another and the tensors.
            del future


def _run(signature: Signature, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    try:
        outputs = signature(signature.tensors(arrays))
        return {name: _array(outputs[name]) for name in sorted(outputs)}
    except tf.errors.OpError as error:
        raise from_tensorflow(error) from error
    except (ValueError, TypeError) as error:
        raise ServingError("INVALID_ARGUMENT", " ".join(str(error).split())) from error


def _array(tensor: Any) -> np.ndarray:
    value = tensor.numpy()
    # A string tensor of rank 0 comes as `bytes`, and NumPy's own string type would cut its zeros.
    return np.array(value, np.object_) if isinstance(value, bytes) else np.asarray(value)
