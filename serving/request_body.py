"""Reading a request's body, inflated where it comes in gzip."""

import time
import zlib
from typing import Any

from serving.errors import ServingError, invalid

MAX_BODY_BYTES = 100 * 2**20
_CHUNK_BYTES = 2**20


def announced_size(environ: dict[str, Any]) -> int:
    """The Content-Length, 0 where there is none; an error for one that is over the limit."""
    size = int(environ.get("CONTENT_LENGTH") or 0)
    if size > MAX_BODY_BYTES:
        raise _too_large()
    return size


def read_body(environ: dict[str, Any], deadline: float) -> bytes:
    """The whole body, at most 100 MB before and after inflation.

    Raises a 408 error when the client stalls or drips past `deadline` (on the monotonic clock).
    """
    stream = environ["wsgi.input"]
    chunks = []
    total = 0
    try:
        while chunk := stream.read(_CHUNK_BYTES):
            chunks.append(chunk)
            total += len(chunk)
            if total > MAX_BODY_BYTES:
                raise _too_large()
            if time.monotonic() > deadline:
                raise TimeoutError
    except OSError:
        raise ServingError(
            "DEADLINE_EXCEEDED", "The request's body did not arrive in time", http_status=408
        ) from None
    if total < announced_size(environ):
        raise invalid("The request's body is shorter than its Content-Length")
    body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
    if environ.get("HTTP_CONTENT_ENCODING", "").lower() == "gzip":
        return _inflate(body)
    return body


def _too_large() -> ServingError:
    return ServingError(
        "INVALID_ARGUMENT",
        f"The request's body is larger than {MAX_BODY_BYTES} bytes; send it in smaller batches",
        http_status=413,
    )


def _inflate(body: bytes) -> bytes:
    """The inflated body; empty for bad gzip, which is how TensorFlow Serving reads it."""
    parts = []
    room = MAX_BODY_BYTES + 1
    while body:
        member = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        try:
            part = member.decompress(body, room)
        except zlib.error:
            return b""
        parts.append(part)
        room -= len(part)
        if room <= 0:
            raise invalid(f"The request's body inflates to more than {MAX_BODY_BYTES} bytes")
        if not member.eof:
            return b""
        body = member.unused_data
    return b"".join(parts)
