"""Limits on what is in progress at once, so that memory stays bounded for any load."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from .deadline import Deadline, DeadlineExceeded

Limit = Literal["requests", "bytes", "cost"]
# Gives the error for a request over a limit, from the number of requests in progress.
Refusal = Callable[[Limit, int], Exception]


class Admission:
    """Counts requests in progress, the bytes of their bodies, and their further cost in memory, in
    a unit that the service chooses. What exceeds a limit gets the error of `refusal`.
    """

    def __init__(
        self,
        max_requests: int,
        refusal: Refusal,
        max_bytes: int = 2**62,
        max_cost: int = 2**62,
    ):
        self.max_requests = max_requests
        self.max_bytes = max_bytes
        self.max_cost = max_cost
        self.requests = 0
        self.bytes = 0
        self.cost = 0
        self._refusal = refusal
        self._changed = threading.Condition()

    @contextmanager
    def request(self) -> Iterator[None]:
        """Count as a request in progress; refused immediately at the limit."""
        with self._changed:
            if self.requests >= self.max_requests:
                raise self._refusal("requests", self.requests)
            self.requests += 1
        try:
            yield
        finally:
            with self._changed:
                self.requests -= 1

    @contextmanager
    def receive(self) -> Iterator[Callable[[int], None]]:
        """Receive a body. The yielded function takes the number of bytes of each piece, and
        refuses once all bodies together are too large. A body that is alone may have any size.
        """
        arrived = 0

        def on_bytes(size: int) -> None:
            nonlocal arrived
            with self._changed:
                if self.bytes > arrived and self.bytes + size > self.max_bytes:
                    raise self._refusal("bytes", self.requests)
                self.bytes += size
                arrived += size

        try:
            yield on_bytes
        finally:
            with self._changed:
                self.bytes -= arrived

    @contextmanager
    def reserve(self, cost: int, deadline: Deadline) -> Iterator["Reservation"]:
        """Reserve memory of that cost, after waiting for room; refused at `deadline`.

        A cost beyond the limit is admitted when nothing else is reserved.
        """
        with self._changed:
            while self.cost and self.cost + cost > self.max_cost:
                try:
                    self._changed.wait(deadline.left())
                except DeadlineExceeded:
                    raise self._refusal("cost", self.requests) from None
            self.cost += cost
        reservation = Reservation(self, cost)
        try:
            yield reservation
        finally:
            reservation.shrink(0)

    def _release(self, cost: int) -> None:
        with self._changed:
            self.cost -= cost
            self._changed.notify_all()


class Reservation:
    """The memory that one request has reserved."""

    def __init__(self, admission: Admission, cost: int):
        self._admission = admission
        self._cost = cost

    def shrink(self, cost: int) -> None:
        """Reserve only so much from now on, if it is less."""
        less = max(0, self._cost - cost)
        self._cost -= less
        self._admission._release(less)
