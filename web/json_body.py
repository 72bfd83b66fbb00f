"""A request with a small JSON body."""

from typing import Any

import orjson
from flask import request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from .metered_body import MeteredBody
from .problems import Problem


def json_body(max_bytes: int) -> Any:
    """The parsed body of the present request.

    Raises Problem: 400 not JSON, 408 too slow, 413 more than `max_bytes`, 415 another content type:
    a page of another origin cannot send `application/json` without a CORS preflight.
    """
    if request.mimetype != "application/json":
        raise Problem(
            415, "not-json", "Send JSON: curl --json '{…}', or Content-Type: application/json."
        )
    request.environ["wsgi.input"] = MeteredBody(request.environ["wsgi.input"])
    # One more, since a body of unknown length is cut there in silence.
    request.max_content_length = max_bytes + 1
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise _too_large(max_bytes) from None
    except (HTTPException, Problem):
        raise
    except Exception as error:
        # The server's own errors about garbled bodies have no base that we could name here.
        detail = "The body ended early or arrived garbled. Send it again."
        raise Problem(400, "upload-broken", detail) from error
    if len(body) > max_bytes:
        raise _too_large(max_bytes)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Problem(400, "bad-json", f"The body is no JSON: {error}.") from None


def _too_large(max_bytes: int) -> Problem:
    detail = f"The body is too large: it may have {max_bytes} bytes."
    return Problem(413, "too-many-bytes", detail)
