"""POST /predict: a photo comes in, goes through the network, and goes out in color."""

import weakref
from contextlib import ExitStack

from flask import Blueprint, Response, g, request

from . import coloring, options, picture, reply_format, upload
from .admission import Admission, Room
from .coloring import Finished
from .http_deadline import Deadline
from .predictor import Predictor
from .settings import Settings
from .stages import stage

# A style picture is the style client's business; here it is accepted and ignored, and so is the
# header that asks for it, so that one form serves both behind the same address.
PICTURES = ("content_image", "style_image")
OPTIONS = (options.VIVIDNESS,)


def predict_routes(settings: Settings, predictor: Predictor, admission: Admission) -> Blueprint:
    """The route of the color client."""
    routes = Blueprint("predict", __name__)

    @routes.post("/predict")
    def predict() -> Response:
        g.route = "color"
        with ExitStack() as in_hand, admission.receive() as more:
            in_hand.enter_context(admission.request())
            with stage("upload"):
                most = settings.max_upload_bytes
                data = upload.pictures(PICTURES, 1, most, more)["content_image"]
                asked = options.read(OPTIONS, PICTURES)
            with stage("decode"):
                header = picture.open_header(data, settings.max_pixels)
            with stage("wait"):
                pixels = header.width * header.height
                deadline = Deadline(settings.timeout_s)
                room = in_hand.enter_context(admission.hold(pixels, deadline))
            asked_with = {"X-Request-ID": g.request_id}
            made = coloring.color(header, asked["vividness"], settings, predictor, asked_with)
            return kept_until_sent(picture_reply(made), room, in_hand)

    return routes


def kept_until_sent(response: Response, room: Room, in_hand: ExitStack) -> Response:
    """The response, whose photo stays `in_hand` until it is sent, however slow its client takes it:
    of its `room`, what the answer itself takes.
    """
    room.keep(response.content_length or 0)
    # By the server, when it has sent the answer or given up; or when nobody has it any more.
    leave = weakref.finalize(response, in_hand.pop_all().close)
    leave.atexit = False
    response.call_on_close(leave)
    return response


def picture_reply(made: Finished) -> Response:
    """The reply that shows a finished picture, in the format that the caller accepts."""
    # What /metrics and the log tell of, once the request is answered.
    g.model = made.model or "unnamed"
    media_type = reply_format.choose(request.accept_mimetypes, made.photo.image.size)
    with stage("encode"):
        body = picture.encode(made.pixels, made.photo.alpha, media_type)
    response = Response(body, mimetype=media_type)
    response.headers["Vary"] = "Accept"
    if made.model:
        response.headers["X-Model"] = made.model
    return response
