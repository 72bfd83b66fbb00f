"""The reply with a finished picture."""

import weakref
from contextlib import ExitStack

from flask import Response, g, request

from pictures.encode import encode
from web.admission import Reservation
from web.stages import stage

from . import reply_format
from .admission import BYTES_PER_PIXEL
from .result import Result


def release_when_sent(
    response: Response, reservation: Reservation, in_progress: ExitStack
) -> Response:
    """The response, whose photo counts as `in_progress` until it is sent, however slowly its caller
    receives it; of its `reservation`, only the size of the answer is still held.
    """
    reservation.shrink((response.content_length or 0) // BYTES_PER_PIXEL + 1)
    # By the server, when it has sent the answer or given up; or when nobody has it any more.
    release = weakref.finalize(response, in_progress.pop_all().close)
    release.atexit = False
    response.call_on_close(release)
    return response


def picture_reply(result: Result, metadata: str) -> Response:
    """The reply with a finished picture, in the format that the caller accepts; `metadata` is the
    option of that name.
    """
    # For /metrics and the log, once the request is answered.
    g.model = result.model or "unnamed"
    media_type = reply_format.choose(request.accept_mimetypes, result.photo.image.size)
    with stage("encode"):
        selected = result.photo.metadata.select(metadata)
        body = encode(result.pixels, result.photo.alpha, media_type, selected)
    response = Response(body, mimetype=media_type)
    response.headers["Vary"] = "Accept"
    if result.model:
        response.headers["X-Model"] = result.model
    if result.photo.pages > 1:
        response.headers["X-Pages"] = str(result.photo.pages)
    if result.photo.truncated:
        response.headers["X-Truncated"] = "yes"
    if result.had_color is not None:
        response.headers["X-Photo-Color"] = "yes" if result.had_color else "no"
    return response
