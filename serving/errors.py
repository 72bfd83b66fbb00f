"""Errors as TensorFlow Serving's REST API reports them: canonical code, HTTP status, message.

The codes and their numbers are those of `google.rpc.Code`, the HTTP statuses those that TensorFlow
Serving gives them.
"""

import re

import orjson

HTTP_STATUS = {
    "OK": 200,
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}

CANONICAL_CODES = (
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
)


class ServingError(Exception):
    """A request or a load that failed: `code` is canonical, `message` is for the caller."""

    def __init__(self, code: str, message: str, *, http_status: int | None = None):
        # It may name a file, whose name need be no text; JSON holds nothing else.
        message = message.encode(errors="backslashreplace").decode()
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.http_status = http_status or HTTP_STATUS.get(code, 500)


def error_document(message: str) -> bytes:
    """The body of an answer that is an error."""
    return orjson.dumps({"error": message}, option=orjson.OPT_INDENT_2) + b"\n"


def invalid(message: str) -> ServingError:
    """An INVALID_ARGUMENT error: the caller sent something that cannot be right."""
    return ServingError("INVALID_ARGUMENT", message)


def too_many(_: str, requests: int) -> ServingError:
    """The error of a request that `web.admission` refuses."""
    return ServingError(
        "RESOURCE_EXHAUSTED", f"Too many requests in progress ({requests}); try again later"
    )


# What TensorFlow 2 adds around the message of a failed op: where the graph was built.
_NOISE_LINE = re.compile(
    r'Graph execution error:|Detected at node |File "|<stack traces unavailable>'
)
_NOISE_IN_LINE = re.compile(r"\[\[(?:\{\{(?:function_)?node [^}]*\}\})+\]\]|\[Op:[^\]]*\]")


def from_tensorflow(error: Exception) -> ServingError:
    """The same error with TensorFlow's own code, its message without the graph's stack traces."""
    number = getattr(error, "error_code", None)
    message = str(getattr(error, "message", None) or error)
    lines = [_NOISE_IN_LINE.sub("", line).strip() for line in message.splitlines()]
    kept = [line for line in lines if line and not _NOISE_LINE.match(line)]
    text = " ".join(kept) or type(error).__name__
    if number is None or not 0 < number < len(CANONICAL_CODES):
        return ServingError("INTERNAL", text)
    return ServingError(CANONICAL_CODES[number], text)
