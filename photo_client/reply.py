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
    leave = weakref.finalize(response, in_progress.pop_all().close)
    leave.atexit = False
    response.call_on_close(leave)
    return response


def picture_reply(made: Result, metadata: str) -> Response:
    """The reply with a finished picture, in the format that the caller accepts; `metadata` is the
    option of that name.
    """
    # What /metrics and the log tell of, once the request is answered.
    g.model = made.model or "unnamed"
    media_type = reply_format.choose(request.accept_mimetypes, made.photo.image.size)
    with stage("encode"):
        kept = made.photo.metadata.kept(metadata)
        body = encode(made.pixels, made.photo.alpha, media_type, kept)
    response = Response(body, mimetype=media_type)
    response.headers["Vary"] = "Accept"
    if made.model:
        response.headers["X-Model"] = made.model
    if made.photo.pages > 1:
        response.headers["X-Pages"] = str(made.photo.pages)
    if made.photo.truncated:
        response.headers["X-Truncated"] = "yes"
    if made.had_color is not None:
        response.headers["X-Photo-Color"] = "yes" if made.had_color else "no"
    return response
