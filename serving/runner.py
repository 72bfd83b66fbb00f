"""Runs signatures on a bounded number of threads, each request within its time.

TensorFlow spreads one run over all cores by itself, so a few runs at once use the machine fully and
more would only make each of them slower.
"""

import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from serving.errors import ServingError
from serving.servable import Signature


def _deadline_exceeded() -> ServingError:
    return ServingError(
        "DEADLINE_EXCEEDED",
        "The request took longer than the server allows (--rest_api_timeout_in_ms)",
    )


class Runner:
    """At most `parallelism` runs at a time; the others wait their turn."""

    def __init__(self, parallelism: int):
        self._free = threading.Semaphore(parallelism)
        self._threads = ThreadPoolExecutor(parallelism, thread_name_prefix="tensorflow-run")

    def run(
        self, signature: Signature, arrays: Mapping[str, np.ndarray], deadline: float
    ) -> dict[str, np.ndarray]:
        """The outputs by name, sorted; `deadline` is on the monotonic clock.

        Raises TensorFlow's errors as ServingErrors, and DEADLINE_EXCEEDED. TensorFlow cannot be
        stopped during a run: one that is past its deadline keeps its thread until it ends.
        """
        # Who waits, waits here: a queue would keep the tensors of those that are past theirs.
        if not self._free.acquire(timeout=_left(deadline)):
            raise _deadline_exceeded()

        def work() -> dict[str, np.ndarray]:
            try:
                return signature(arrays)
            finally:
                self._free.release()

        future = self._threads.submit(work)
        try:
            return future.result(timeout=_left(deadline))
        except TimeoutError:
            raise _deadline_exceeded() from None
        finally:
            # Or an error, its traceback and this future would keep one another and the tensors.
            del future


def _left(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())
