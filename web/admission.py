"""How much may be in hand at once, so that memory stays bounded whatever arrives."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .deadline import Deadline, DeadlineExceeded
from .problems import Problem

# What a decoded pixel takes in memory at most, with all that is made of it: 7 for a gray JPEG, 12
# for one in color, 18 for an RGBA picture that goes out as WebP.
BYTES_PER_PIXEL = 18
# Those who are refused together shall not come again together.
_RETRY_AFTER_S = 1, 5


def _overloaded(detail: str) -> Problem:
    return Problem(503, "overloaded", detail, random.randint(*_RETRY_AFTER_S))


class Admission:
    """Counts photos in hand, the bytes of their uploads, and the decoded pixels in memory."""

    def __init__(self, max_requests: int, max_pixels: int, max_upload_bytes: int = 2**62):
        self.max_requests = max_requests
        self.max_pixels = max_pixels
        self.max_upload_bytes = max_upload_bytes
        self.requests = 0
        self.pixels = 0
        self.upload_bytes = 0
        self._changed = threading.Condition()

    @contextmanager
    def request(self) -> Iterator[None]:
        """Be one of the requests in hand. Raises Problem 503 at once when there are enough."""
        with self._changed:
            if self.requests >= self.max_requests:
                raise _overloaded(
                    f"{self.requests} photos are in progress already. Try again soon."
                )
            self.requests += 1
        try:
            yield
        finally:
            with self._changed:
                self.requests -= 1

    @contextmanager
    def receive(self) -> Iterator[Callable[[int], None]]:
        """Receive an upload: the value is to be told of every so many bytes that arrive, and raises
        Problem 503 when there are too many of all uploads together. One alone may be of any size.
        """
        arrived = 0

        def more(size: int) -> None:
            nonlocal arrived
            with self._changed:
                if self.upload_bytes > arrived and self.upload_bytes + size > self.max_upload_bytes:
                    raise _overloaded(
                        "Other large uploads are in progress already. Try again soon."
                    )
                self.upload_bytes += size
                arrived += size

        try:
            yield more
        finally:
            with self._changed:
                self.upload_bytes -= arrived

    @contextmanager
    def hold(self, pixels: int, deadline: Deadline) -> Iterator["Room"]:
        """Hold that many decoded pixels, after waiting for room. Raises Problem 503 at `deadline`.

        A picture larger than all the room there is gets in when it is alone.
        """
        with self._changed:
            while self.pixels and self.pixels + pixels > self.max_pixels:
                try:
                    self._changed.wait(deadline.left())
                except DeadlineExceeded:
                    raise _overloaded(
                        "Other large photos are in progress, and none was done in time. "
                        "Try again soon."
                    ) from None
            self.pixels += pixels
        room = Room(self, pixels)
        try:
            yield room
        finally:
            room.shrink(0)

    def _give_back(self, pixels: int) -> None:
        with self._changed:
            self.pixels -= pixels
            self._changed.notify_all()


class Room:
    """What one photo holds of the memory for decoded pixels."""

    def __init__(self, admission: Admission, pixels: int):
        self._admission = admission
        self._pixels = pixels

    def keep(self, size: int) -> None:
        """Hold from now on only as much as a file of `size` bytes takes: the answer, until it is
        sent.
        """
        self.shrink(size // BYTES_PER_PIXEL + 1)

    def shrink(self, pixels: int) -> None:
        """Hold so many pixels from now on, if they are fewer."""
        less = max(0, self._pixels - pixels)
        self._pixels -= less
        self._admission._give_back(less)
