"""The body of a request as it arrives."""

from collections.abc import Callable
from typing import Any

from .client_socket import ClientTooSlow
from .problems import Problem


class MeteredBody:
    """A body that reports each piece's size to `on_bytes`, and detects a slow caller."""

    def __init__(self, body: Any, on_bytes: Callable[[int], None] = lambda size: None):
        self._body = body
        self._on_bytes = on_bytes

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes. Raises Problem 408 if the caller is too slow, and what `on_bytes`
        raises.
        """
        try:
            data: bytes = self._body.read(size)
        except ClientTooSlow as error:
            raise Problem(
                408,
                "upload-slow",
                "The upload took too long. Send it again over a faster connection, or a smaller "
                "one, or raise CLIENT_TIMEOUT_S.",
            ) from error
        self._on_bytes(len(data))
        return data
