"""POST /predict: a photo comes in, goes through the network, and goes out in color."""

from contextlib import ExitStack

import numpy as np
from flask import Blueprint, Response, g, request
from PIL import ImageFile

from . import color_network, lab, picture, reply_format, upload
from .admission import Admission
from .http_deadline import Deadline
from .metrics import Metrics
from .predictor import Predictor
from .settings import Settings
from .stages import stage

# A style picture is the style client's business; here it is accepted and ignored, so that one
# form serves both behind the same address.
PICTURES = ("content_image", "style_image")


def predict_routes(
    settings: Settings, predictor: Predictor, admission: Admission, metrics: Metrics
) -> Blueprint:
    """The route of the color client."""
    routes = Blueprint("predict", __name__)

    @routes.post("/predict")
    def predict() -> Response:
        with admission.request():
            with stage("upload"):
                data = upload.pictures(PICTURES, settings.max_upload_bytes)["content_image"]
                upload.check_options((), PICTURES)
            with stage("decode"):
                header = picture.open_header(data, settings.max_pixels)
            pixels = header.width * header.height
            with ExitStack() as room:
                with stage("wait"):
                    room.enter_context(admission.hold(pixels, Deadline(settings.timeout_s)))
                return _color(header)

    def _color(header: ImageFile.ImageFile) -> Response:
        with stage("decode"):
            photo = picture.decode(header)
        with stage("lab"):
            lightness = color_network.small_lightness(photo.image, settings.working_size)
        deadline = Deadline(settings.timeout_s)
        color = color_network.ask(predictor, lightness, deadline, {"X-Request-ID": g.request_id})
        with stage("merge"):
            colored = lab.colorize(np.asarray(photo.image), color.ab)
        media_type = reply_format.choose(request.accept_mimetypes, photo.image.size)
        with stage("encode"):
            body = picture.encode(colored, photo.alpha, media_type)
        response = Response(body, mimetype=media_type)
        response.headers["Vary"] = "Accept"
        if color.model:
            response.headers["X-Model"] = color.model
        metrics.models.labels(color.model or "unnamed").inc()
        return response

    return routes
