"""POST /predict: a photo comes in, goes through the network, and goes out in color."""

from contextlib import ExitStack

from flask import Blueprint, Response, g

from photo_client import upload
from photo_client.metadata_option import METADATA
from photo_client.photo import open_header
from photo_client.reply import kept_until_sent, picture_reply
from predict_url.predictor import Predictor
from web import options
from web.admission import Admission
from web.deadline import Deadline
from web.settings import number
from web.stages import stage

from . import coloring
from .settings import Settings

# A style picture is the style client's business; here it is accepted and ignored, and so is the
# header that asks for it, so that one form serves both behind the same address.
PICTURES = ("content_image", "style_image")
VIVIDNESS = options.Option(
    "vividness",
    1.0,
    number(0, 2),
    "How strong the colors are, 0 to 2: a* and b* of the network are multiplied by it.",
)
OPTIONS = (VIVIDNESS, METADATA)


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
                header = open_header(data, settings.max_pixels)
            with stage("wait"):
                pixels = header.width * header.height
                deadline = Deadline(settings.timeout_s)
                room = in_hand.enter_context(admission.hold(pixels, deadline))
            asked_with = {"X-Request-ID": g.request_id}
            made = coloring.color(header, asked["vividness"], settings, predictor, asked_with)
            return kept_until_sent(picture_reply(made, asked["metadata"]), room, in_hand)

    return routes
