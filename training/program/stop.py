"""SIGTERM and Ctrl-C as a request to stop at the next safe point."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopRequest:
    """Whether this process was asked to stop."""

    def __init__(self) -> None:
        self._signal: int | None = None
        self._before: dict[int, object] = {}

    def requested(self) -> bool:
        """Whether it was asked to."""
        return self._signal is not None

    @property
    def exit_code(self) -> int:
        """128 and the signal's number, as a shell has it; SIGTERM's if another worker was asked."""
        return 128 + (self._signal or signal.SIGTERM)

    def release(self) -> None:
        """From now on, signals have their default effect."""
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._before = {}

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self._signal = number
        self.release()  # a second one does not wait


@contextlib.contextmanager
def stop_request() -> Iterator[StopRequest]:
    """Watch for the signals in this block."""
    request = StopRequest()
    if threading.current_thread() is threading.main_thread():  # Python allows no other
        for number in SIGNALS:
            request._before[number] = signal.signal(number, request._handle)
    try:
        yield request
    finally:
        request.release()
