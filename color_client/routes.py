"""POST /predict: a photo comes in, goes through the network, and goes out in color."""

from contextlib import ExitStack

import numpy as np
from flask import Blueprint, Response, g, request
from PIL import ImageFile

from . import color_network, lab, options, picture, reply_format, upload
from .admission import Admission
from .http_deadline import Deadline
from .metrics import Metrics
from .predictor import Predictor
from .settings import Settings
from .stages import stage

# A style picture is the style client's business; here it is accepted and ignored, and so is the
# header that asks for it, so that one form serves both behind the same address.
PICTURES = ("content_image", "style_image")
OPTIONS = (options.VIVIDNESS,)


def predict_routes(
    settings: Settings, predictor: Predictor, admission: Admission, metrics: Metrics
) -> Blueprint:
    """The route of the color client."""
    routes = Blueprint("predict", __name__)

    @routes.post("/predict")
    def predict() -> Response:
        g.route = "color"
        with ExitStack() as in_hand:
            in_hand.enter_context(admission.request())
            with stage("upload"):
                data = upload.pictures(PICTURES, 1, settings.max_upload_bytes)["content_image"]
                asked = options.read(OPTIONS, PICTURES)
            with stage("decode"):
                header = picture.open_header(data, settings.max_pixels)
            with stage("wait"):
                room = admission.hold(header.width * header.height, Deadline(settings.timeout_s))
                in_hand.enter_context(room)
            return color_reply(header, asked["vividness"], settings, predictor, metrics)

    return routes


def color_reply(
    header: ImageFile.ImageFile,
    vividness: float,
    settings: Settings,
    predictor: Predictor,
    metrics: Metrics,
) -> Response:
    """The picture that `picture.open_header` opened, in color, as the reply to the request in hand.

    `vividness` multiplies the a* and b* of the network.
    Raises Problem: 400 the picture is broken; 502, 503, 504 what the predict URL did.
    """
    with stage("decode"):
        photo = picture.decode(header)
    with stage("lab"):
        lightness = color_network.small_lightness(photo.image, settings.working_size)
    deadline = Deadline(settings.timeout_s)
    color = color_network.ask(predictor, lightness, deadline, {"X-Request-ID": g.request_id})
    with stage("merge"):
        colored = lab.colorize(np.asarray(photo.image), color.ab * np.float32(vividness))
    metrics.models.labels(g.route, color.model or "unnamed").inc()
    return picture_reply(colored, photo, color.model)


def picture_reply(pixels: lab.Bytes, photo: picture.Photo, model: str | None) -> Response:
    """The reply that shows sRGB `pixels` [H,W,3], 0…255, with the photo's alpha, in the format that
    the caller accepts; `model` is the one that made them.
    """
    media_type = reply_format.choose(request.accept_mimetypes, photo.image.size)
    with stage("encode"):
        body = picture.encode(pixels, photo.alpha, media_type)
    response = Response(body, mimetype=media_type)
    response.headers["Vary"] = "Accept"
    if model:
        response.headers["X-Model"] = model
    return response
