"""A photo in color: what POST /predict and the command line do with it, by the same code."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PIL import ImageFile

from . import color_network, lab, picture
from .http_deadline import Deadline
from .predictor import Predictor
from .settings import Settings
from .stages import stage


@dataclass(frozen=True)
class Finished:
    """sRGB pixels [H,W,3], 0…255, the photo that they were made from, and the model that made them,
    where it says its name.
    """

    pixels: lab.Bytes
    photo: picture.Photo
    model: str | None


def color(
    header: ImageFile.ImageFile,
    vividness: float,
    settings: Settings,
    predictor: Predictor,
    headers: Mapping[str, str],
) -> Finished:
    """The picture that `picture.open_header` opened, in color.

    `vividness` multiplies the a* and b* of the network; `headers` go to the predict URL.
    Raises Problem: 400 the picture is broken; 502, 503, 504 what the predict URL did.
    """
    with stage("decode"):
        photo = picture.decode(header)
    with stage("lab"):
        lightness = color_network.small_lightness(photo.image, settings.working_size)
    found = color_network.ask(predictor, lightness, Deadline(settings.timeout_s), dict(headers))
    with stage("merge"):
        pixels = lab.colorize(np.asarray(photo.image), found.ab * np.float32(vividness))
    return Finished(pixels, photo, found.model)
