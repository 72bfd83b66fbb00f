"""Painting a photo in a style: one code for POST /predict and for the command line."""

from collections.abc import Mapping
from typing import Any

from photo_client.photo import decode
from photo_client.result import Result
from pictures.header import Header
from pictures.lab import Bytes
from predict_url.predictor import Predictor
from web.deadline import Deadline
from web.stages import stage

from . import style_network
from .full_size import full_size
from .settings import StyleSettings


def paint(
    header: Header,
    style: Bytes,
    options: Mapping[str, Any],
    settings: StyleSettings,
    predictor: Predictor,
    headers: Mapping[str, str],
) -> Result:
    """The picture that `open_header` opened, in the style of `style` (see
    style_network.style_picture), with the given `options`; `headers` go to the predict URL.

    Raises Problem: 400 the picture is broken; 502, 503, 504 what the predict URL did.
    """
    with stage("decode"):
        photo = decode(header)
    painting = style_network.ask(
        predictor,
        photo.image,
        options["max_side"],
        style,
        Deadline(settings.timeout_s),
        dict(headers),
    )
    with stage("merge"):
        pixels = full_size(painting, photo.image, options["strength"], options["preserve_color"])
    return Result(pixels, photo, painting.model)
