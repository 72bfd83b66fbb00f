"""Errors for what gunicorn cannot parse as a request, in the sender's terms."""

import logging

from gunicorn.http import errors

log = logging.getLogger("web")

_REFUSALS: tuple[tuple[type[Exception], int, str], ...] = (
    (errors.LimitRequestLine, 414, "The address is too long."),
    (errors.LimitRequestHeaders, 431, "The headers are too long, or too many."),
    (errors.ExpectationFailed, 417, "Only the expectation 100-continue can be met."),
    (errors.UnsupportedTransferCoding, 501, "Send the body as it is, or chunked."),
    (errors.ParseException, 400, "This is no HTTP/1.1 request that can be read."),
)


def error_reply(error: Exception) -> tuple[int, str, str]:
    """Status, detail and cause of the answer; an unexpected error is a bug, and is logged."""
    found = [(status, detail) for kind, status, detail in _REFUSALS if isinstance(error, kind)]
    if not found:
        log.error("unexpected error", exc_info=error)
        found = [(500, "Something broke in this program.")]
    cause = f"{type(error).__name__}: {error}"[:200].encode(errors="replace").decode()
    return *found[0], cause
