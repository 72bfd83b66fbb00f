"""How much may be in hand at once, so that memory stays bounded whatever arrives."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from .http_deadline import Deadline, DeadlineExceeded
from .problems import Problem

_RETRY_AFTER_S = 1


def _overloaded(detail: str) -> Problem:
    return Problem(503, "overloaded", detail, _RETRY_AFTER_S)


class Admission:
    """Counts photos in hand, and the decoded pixels that they hold in memory."""

    def __init__(self, max_requests: int, max_pixels: int):
        self.max_requests = max_requests
        self.max_pixels = max_pixels
        self.requests = 0
        self.pixels = 0
        self._changed = threading.Condition()

    @contextmanager
    def request(self) -> Iterator[None]:
        """Be one of the requests in hand. Raises Problem 503 at once when there are enough."""
        with self._changed:
            if self.requests >= self.max_requests:
                raise _overloaded(f"{self.requests} photos are in hand already. Try again soon.")
            self.requests += 1
        try:
            yield
        finally:
            with self._changed:
                self.requests -= 1

    @contextmanager
    def hold(self, pixels: int, deadline: Deadline) -> Iterator[None]:
        """Hold that many decoded pixels, after waiting for room. Raises Problem 503 at `deadline`.

        A picture larger than all the room there is gets in when it is alone.
        """
        with self._changed:
            while self.pixels and self.pixels + pixels > self.max_pixels:
                try:
                    self._changed.wait(deadline.left())
                except DeadlineExceeded:
                    raise _overloaded(
                        "Other large photos are in hand, and none was done in time. Try again soon."
                    ) from None
            self.pixels += pixels
        try:
            yield
        finally:
            with self._changed:
                self.pixels -= pixels
                self._changed.notify_all()
