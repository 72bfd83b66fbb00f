"""The connection to a client, which has a limited total time to send and to receive."""

import contextlib
import errno
import socket
import struct
import time
from typing import Any, Self


class ClientTooSlow(ConnectionResetError):
    """The client used up its time: treat it as disconnected."""

    def __init__(self) -> None:
        super().__init__(errno.ECONNRESET, "the client was too slow")


class ClientSocket(socket.socket):
    """A socket that waits for its client for a limited total time.

    A socket's own time-out restarts with every byte, so a client that drips holds a thread as long
    as it likes. Here the waits of a request add up: `begin` grants so many seconds to send it, and
    as many to receive the answer. The server's own work in between does not count.
    """

    _to_send = float("inf")
    _to_take = float("inf")

    @classmethod
    def of(cls, accepted: socket.socket) -> Self:
        """The same connection; `accepted` must not be used any more."""
        return cls(fileno=accepted.detach())

    def begin(self, seconds: float) -> None:
        """Grant the client that time to send its next request, and to receive the answer."""
        self._to_send = self._to_take = seconds

    def finish_within(self, seconds: float) -> None:
        """Grant the client at most that time for the rest of its request."""
        self._to_send = min(self._to_send, seconds)

    def peek(self, size: int) -> bytes | None:
        """What has arrived, up to `size` bytes, without consuming it or waiting; None if nothing
        has, empty if the client has closed.
        """
        try:
            return super().recv(size, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return None

    def wake_at(self, size: int) -> None:
        """Become readable only when `size` bytes are there, or the end (SO_RCVLOWAT)."""
        # Of a connection that is lost, some systems refuse it; that is readable anyway.
        with contextlib.suppress(OSError):
            self.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, size)

    def recv(self, size: int, flags: int = 0) -> bytes:
        """As a socket's. Raises ClientTooSlow when the time to send is used up."""
        started = time.monotonic()
        before = self._limit(self._to_send)
        try:
            return super().recv(size, flags)
        except TimeoutError:
            if before is None or before >= self._to_send:
                raise ClientTooSlow from None
            raise
        finally:
            self._to_send -= time.monotonic() - started
            self.settimeout(before)

    def sendall(self, data: Any, flags: int = 0) -> None:
        """As a socket's. Raises ClientTooSlow when the time to receive is used up."""
        started = time.monotonic()
        before = self._limit(self._to_take)
        try:
            super().sendall(data, flags)
        except TimeoutError:
            # What the system still holds for this client is dropped when the socket is closed.
            self.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise ClientTooSlow from None
        finally:
            self._to_take -= time.monotonic() - started
            self.settimeout(before)

    def _limit(self, left: float) -> float | None:
        """Let the next wait end when the client's time does; returns the time-out until now."""
        before = self.gettimeout()
        if left <= 0:
            raise ClientTooSlow
        if left != float("inf") and (before is None or left < before):
            self.settimeout(left)
        return before
