"""Reading a request's body, inflated where it comes in gzip."""

import time
import zlib
from collections.abc import Callable
from typing import Any

from gunicorn.http.errors import ParseException

from serving.errors import ServingError, invalid

MAX_BODY_BYTES = 100 * 2**20
_PIECE_BYTES = 2**20
_INFLATED_PIECE_BYTES = 2**24  # what is left to inflate is copied for each


def read_body(environ: dict[str, Any], on_bytes: Callable[[int], None], deadline: float) -> bytes:
    """The whole body, at most 100 MB before and after inflation.

    `on_bytes` gets the number of its bytes: all of them before they come if that is announced, else
    as they come; and of what they inflate to. Raises a 408 error when they take longer than until
    `deadline` (on the monotonic clock), and INVALID_ARGUMENT for a body that ends early or is
    garbled.
    """
    announced = int(environ.get("CONTENT_LENGTH") or 0)
    if announced > MAX_BODY_BYTES:
        raise _too_large()
    on_bytes(announced)
    environ["gunicorn.socket"].finish_within(deadline - time.monotonic())
    pieces = []
    total = 0
    try:
        while piece := environ["wsgi.input"].read(_PIECE_BYTES):
            pieces.append(piece)
            total += len(piece)
            if total > MAX_BODY_BYTES:
                raise _too_large()
            if not announced:
                on_bytes(len(piece))
    except ParseException as error:
        raise invalid(f"The request's body cannot be read: {error}") from None
    except OSError as error:
        # gunicorn's NoMoreData is one: the caller stopped in the middle of a chunk.
        if not isinstance(error, TimeoutError | ConnectionError):
            raise invalid("The request's body ends early") from None
        raise ServingError(
            "DEADLINE_EXCEEDED", "The request's body did not arrive in time", http_status=408
        ) from None
    if total < announced:
        raise invalid("The request's body is shorter than its Content-Length")
    body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
    if environ.get("HTTP_CONTENT_ENCODING", "").lower() == "gzip":
        return _inflate(body, on_bytes)
    return body


def _too_large() -> ServingError:
    return ServingError(
        "INVALID_ARGUMENT",
        f"The request's body is larger than {MAX_BODY_BYTES} bytes; send it in smaller batches",
        http_status=413,
    )


def _inflate(body: bytes, on_bytes: Callable[[int], None]) -> bytes:
    """The inflated body; empty for bad gzip, which is how TensorFlow Serving reads it."""
    parts = []
    total = 0
    while body:
        member = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        while not member.eof:
            try:
                part = member.decompress(body, _INFLATED_PIECE_BYTES)
            except zlib.error:
                return b""
            if not part and not member.eof:  # it is cut off
                return b""
            total += len(part)
            if total > MAX_BODY_BYTES:
                raise invalid(f"The request's body inflates to more than {MAX_BODY_BYTES} bytes")
            on_bytes(len(part))
            parts.append(part)
            body = member.unconsumed_tail
        body = member.unused_data
    return b"".join(parts)
