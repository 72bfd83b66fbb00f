"""A photo in color: what POST /predict and the command line do with it, by the same code."""

from collections.abc import Mapping

import numpy as np

from photo_client.finished import Finished
from photo_client.photo import decode
from pictures import lab
from pictures.header import Header
from predict_url.predictor import Predictor
from web.deadline import Deadline
from web.stages import stage

from . import color_network
from .settings import Settings


def color(
    header: Header,
    vividness: float,
    settings: Settings,
    predictor: Predictor,
    headers: Mapping[str, str],
) -> Finished:
    """The picture that `open_header` opened, in color.

    `vividness` multiplies the a* and b* of the network; `headers` go to the predict URL.
    Raises Problem: 400 the picture is broken; 502, 503, 504 what the predict URL did.
    """
    with stage("decode"):
        photo = decode(header)
    with stage("lab"):
        lightness = color_network.small_lightness(photo.image, settings.working_size)
    found = color_network.ask(predictor, lightness, Deadline(settings.timeout_s), dict(headers))
    with stage("merge"):
        pixels = lab.colorize(np.asarray(photo.image), found.ab * np.float32(vividness))
    return Finished(pixels, photo, found.model)
