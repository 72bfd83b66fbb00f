"""The bytes to send on one connection, and the statuses that may come back."""

from dataclasses import dataclass

from soak.picture_files import whole_file

HEAD = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
# The statuses of a clean refusal.
REFUSALS = frozenset({400, 404, 405, 408, 411, 413, 414, 415, 417, 431, 501, 505})
SUCCESS = frozenset({200})


@dataclass(frozen=True)
class RawRequest:
    """Bytes to send; `statuses` that may come back, 0 for none at all; `half_close` says after them
    that nothing more comes.
    """

    data: bytes
    statuses: frozenset[int] = REFUSALS
    half_close: bool = False


def photo() -> bytes:
    """A small good photo."""
    return whole_file("JPEG")
