"""POST /predict: a photo comes in, and goes out in color."""

import hashlib
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from flask import Blueprint, Response, g
from PIL import Image

from feedback.receipts import Receipts
from photo_client import upload
from photo_client.metadata_option import METADATA
from photo_client.photo import open_header
from photo_client.receipt import add_receipt
from photo_client.reply import picture_reply, release_when_sent
from predict_url.predictor import Predictor
from web import options
from web.admission import Admission
from web.deadline import Deadline
from web.settings import number
from web.stages import stage

from . import coloring
from .color_cache import ColorCache
from .color_network import Color
from .hint_option import HINTS
from .settings import Settings

# A style picture is the style client's business; here it is accepted and ignored, and so is the
# header that asks for it, so that one form serves both behind the same address.
PICTURES = ("content_image", "style_image")
VIVIDNESS = options.Option(
    "vividness",
    1.0,
    number(0, 2),
    "Strength of the colors, 0 to 2: the factor on the network's a* and b*.",
)
MODEL = options.Option(
    "model",
    None,
    str,
    "With hints: the model, as named by X-Model, whose cached colors are corrected. Default: the "
    "model that colored this photo last.",
)
OPTIONS = (VIVIDNESS, HINTS, MODEL, METADATA)
# What a picture looks like depends on these.
APPEARANCE = (VIVIDNESS, HINTS)


def predict_routes(
    settings: Settings, predictor: Predictor, admission: Admission, receipts: Receipts | None
) -> Blueprint:
    """The route of the color client; without `receipts` none are issued."""
    routes = Blueprint("predict", __name__)
    cache = ColorCache()

    @routes.post("/predict")
    def predict() -> Response:
        g.route = "color"
        with ExitStack() as in_progress, admission.receive() as on_bytes:
            in_progress.enter_context(admission.request())
            with stage("upload"):
                max_bytes = settings.max_upload_bytes
                data = upload.pictures(PICTURES, 1, max_bytes, on_bytes)["content_image"]
                values = options.read(OPTIONS, PICTURES)
            with stage("decode"):
                # Now, since decoding lets go of the file.
                photo = hashlib.sha256(data.getbuffer()).digest()
                header = open_header(data, settings.max_pixels)
            with stage("wait"):
                deadline = Deadline(settings.timeout_s)
                reservation = in_progress.enter_context(admission.reserve(header.cost, deadline))
            upstream_headers = {"X-Request-ID": g.request_id}
            network = coloring.network(settings, predictor, upstream_headers)
            ask = with_cache(cache, photo, values, network)
            result = coloring.color(header, values, ask, settings.working_size)
            reply = picture_reply(result, values["metadata"])
            add_receipt(reply, receipts, values, APPEARANCE, photo)
            return release_when_sent(reply, reservation, in_progress)

    return routes


def with_cache(
    cache: ColorCache, photo: bytes, values: Mapping[str, Any], ask: coloring.Ask
) -> coloring.Ask:
    """`ask`, but with the cached color for a photo that comes again with hints; `photo` is a hash
    of its file.
    """

    def predict_unless_cached(image: Image.Image) -> Color:
        color = None if values["hints"] is None else cache.get(photo, values["model"])
        if color is None:
            color = ask(image)
            cache.put(photo, color)
        return color

    return predict_unless_cached
