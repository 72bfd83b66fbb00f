"""How many requests, and how many bytes of them, the server takes in hand at once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from serving.errors import ServingError


class Admission:
    """Requests over the limit are refused at once, so that those in hand stay fast."""

    def __init__(self, max_requests: int, max_bytes: int):
        self._max_requests = max_requests
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._requests = 0
        self._bytes = 0

    @contextmanager
    def admit(self, size: int) -> Iterator[None]:
        """Hold a place for a request with a body of `size` bytes, or raise RESOURCE_EXHAUSTED.

        A single request is admitted whatever its size.
        """
        with self._lock:
            full = self._requests >= self._max_requests
            if full or (self._requests and self._bytes + size > self._max_bytes):
                raise ServingError(
                    "RESOURCE_EXHAUSTED",
                    f"Too many requests in hand ({self._requests} requests, {self._bytes} bytes); "
                    "try again later",
                )
            self._requests += 1
            self._bytes += size
        try:
            yield
        finally:
            with self._lock:
                self._requests -= 1
                self._bytes -= size

    @property
    def requests(self) -> int:
        """The number of requests in hand."""
        return self._requests
