"""What waits for a free run of the network."""

import threading
import time
import weakref

import numpy as np
import pytest

from serving.errors import ServingError
from serving.runner import Runner


def test_tensors_of_requests_that_timed_out_are_freed_while_a_run_hangs():
    runner = Runner(1)
    hangs, ends = threading.Event(), threading.Event()

    def signature(arrays):
        hangs.set()
        ends.wait()
        return arrays

    def time_out():
        with pytest.raises(ServingError, match="DEADLINE_EXCEEDED"):
            runner.run(signature, {"x": np.zeros(1)}, time.monotonic() + 0.01)

    time_out()
    hangs.wait()
    waiting = [np.zeros(1) for _ in range(5)]
    alive = [weakref.ref(array) for array in waiting]
    while waiting:
        with pytest.raises(ServingError, match="DEADLINE_EXCEEDED"):
            runner.run(signature, {"x": waiting.pop()}, time.monotonic() + 0.01)
    assert not any(ref() is not None for ref in alive)
    ends.set()
    given = {"x": np.ones(1)}
    assert runner.run(lambda arrays: arrays, given, time.monotonic() + 60) is given
