"""The time that a request has left."""

import time


class DeadlineExceeded(Exception):
    """The deadline passed before the work was done."""


class Deadline:
    """A moment by which everything must be done."""

    def __init__(self, seconds: float):
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left, more than 0. Raises DeadlineExceeded when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise DeadlineExceeded(f"{self.seconds:g} s have passed")
        return left
