"""Runs signatures on a bounded number of threads, each request within its time.

TensorFlow spreads one run over all cores by itself, so a few runs at once use the machine fully and
more would only make each of them slower.
"""

import time
from collections.abc import Mapping
from concurrent.futures import CancelledError, ThreadPoolExecutor

import numpy as np

from serving.errors import ServingError
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

        Raises TensorFlow's errors as ServingErrors, and DEADLINE_EXCEEDED. TensorFlow cannot be
        stopped during a run: one that is past its deadline keeps its thread until it ends.
        """
        future = self._threads.submit(signature, arrays)
        try:
            return future.result(timeout=max(0.0, deadline - time.monotonic()))
        except (TimeoutError, CancelledError):
            future.cancel()
            raise deadline_exceeded() from None
        finally:
            # Or an error, its traceback and this future would keep one another and the tensors.
            del future
