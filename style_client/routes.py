"""POST /predict: with the header `style: transfer` in the style of another picture, else in color.

The header alone decides, as at a gateway in between, so one form with all fields serves both:
fields of the other kind are validated and ignored.
"""

import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256

from flask import Blueprint, Response, g

from color_client import coloring
from color_client.color_cache import ColorCache
from color_client.routes import APPEARANCE, PICTURES, with_cache
from color_client.routes import OPTIONS as COLOR_OPTIONS
from feedback.receipts import Receipts
from photo_client import upload
from photo_client.photo import decode, open_header
from photo_client.receipt import add_receipt
from photo_client.reply import picture_reply, release_when_sent
from pictures.header import Header
from predict_url.predictor import Predictor
from web import header_lines, options
from web.admission import Admission
from web.deadline import Deadline
from web.problems import Problem
from web.settings import integer, number
from web.stages import stage

from . import painting, style_network
from .settings import LEAST_SIDE, MOST_SIDE, StyleSettings


def style_options(max_side: int = StyleSettings.max_side) -> tuple[options.Option, ...]:
    """The options of a request for style, where the setting MAX_SIDE is `max_side`."""
    return (
        options.Option(
            "strength",
            0.7,
            number(0, 1),
            "The share of the painting, 0 to 1; the rest is the photo.",
        ),
        options.Option(
            "preserve_color",
            False,
            options.yes_or_no,
            "Keep the photo's own colors: luminance from the painting, color from the photo.",
        ),
        options.Option(
            "max_side",
            max_side,
            integer(LEAST_SIDE, MOST_SIDE),
            f"Long side, in pixels, at which the photo is stylized, {LEAST_SIDE} to {MOST_SIDE}: "
            "smaller is faster, with larger strokes. The default is the setting MAX_SIDE.",
        ),
    )


# By this header a request asks for style, here and at the gateway.
STYLE = {"style": "transfer"}

# The header that `style_header` reads, as an OpenAPI parameter.
STYLE_PARAMETER = {
    "name": "style",
    "in": "header",
    "description": "Exactly `transfer`: the photo in the style of style_image. Else: in color.",
    "schema": {"type": "string", "examples": ["transfer"]},
}


def style_header() -> dict[str, str]:
    """The header that asks for style, if the present request has it: exactly `transfer`.

    If it is sent several times, one match is enough, as in Envoy 1.40, which matches each line
    separately and completely: `transfer,transfer` is another value.
    """
    return STYLE if STYLE["style"] in header_lines.values("style") else {}


def predict_routes(
    settings: StyleSettings, predictor: Predictor, admission: Admission, receipts: Receipts | None
) -> Blueprint:
    """The route of the style client; without `receipts` none are issued."""
    routes = Blueprint("predict", __name__)
    cache = ColorCache()
    own_options = style_options(settings.max_side)
    all_options = (*own_options, *COLOR_OPTIONS)

    @routes.post("/predict")
    def predict() -> Response:
        is_style = bool(style_header())
        g.route = "style" if is_style else "color"
        with ExitStack() as in_progress, admission.receive() as on_bytes:
            in_progress.enter_context(admission.request())
            with stage("upload"):
                required = 2 if is_style else 1
                data = upload.pictures(PICTURES, required, settings.max_upload_bytes, on_bytes)
                values = options.read(all_options, PICTURES)
            with stage("decode"):
                names = PICTURES[:required]
                # Now, since decoding lets go of the files.
                hashes = {name: sha256(data[name].getbuffer()).digest() for name in names}
                headers = {name: _open(name, data[name], settings) for name in names}
            with stage("wait"):
                pixels = sum(header.cost for header in headers.values())
                deadline = Deadline(settings.timeout_s)
                reservation = in_progress.enter_context(admission.reserve(pixels, deadline))
            photo = headers["content_image"]
            upstream_headers = {"X-Request-ID": g.request_id, **style_header()}
            if not is_style:
                network = coloring.network(settings, predictor, upstream_headers)
                ask = with_cache(cache, hashes["content_image"], values, network)
                result = coloring.color(photo, values, ask, settings.working_size)
            else:
                with stage("decode"), _naming("style_image"):
                    style = style_network.style_picture(decode(headers["style_image"]))
                result = painting.paint(photo, style, values, settings, predictor, upstream_headers)
            reply = picture_reply(result, values["metadata"])
            appearance = own_options if is_style else APPEARANCE
            add_receipt(reply, receipts, values, appearance, **hashes)
            return release_when_sent(reply, reservation, in_progress)

    return routes


def _open(name: str, data: io.BytesIO, settings: StyleSettings) -> Header:
    with _naming(name):
        return open_header(data, settings.max_pixels)


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Say of a problem with a picture that it is the one in the field `name`."""
    try:
        yield
    except Problem as problem:
        problem.detail = f"{name}: {problem.detail}"
        raise
