"""Many photos on the command line: in the style of one picture, or in color."""

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from color_client import coloring
from color_client.routes import VIVIDNESS
from photo_client.batch import Make
from photo_client.photo import decode, open_header
from photo_client.result import Result
from pictures.header import Header
from predict_url.predictor import Predictor
from web.problems import Problem

from . import painting, style_network
from .routes import style_options
from .settings import StyleSettings


def stamp_settings(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that a picture depends on: the hash of the style picture and the options of
    style, or the options of color. To be called after `maker`, which reads the style picture.
    """
    if arguments["style"] is None:
        return {VIVIDNESS.name: arguments[VIVIDNESS.name]}
    style = hashlib.sha256(Path(arguments["style"]).read_bytes()).hexdigest()
    options = {option.name: arguments[option.name] for option in style_options()}
    return {"style": style, **options}


def maker(arguments: Mapping[str, Any], settings: StyleSettings, predictor: Predictor) -> Make:
    """A function that makes pictures with these arguments: painted if they name a style
    picture. Raises Problem if that cannot be read.
    """
    if arguments["style"] is None:
        return coloring.maker(arguments, settings, predictor)
    try:
        data = io.BytesIO(Path(arguments["style"]).read_bytes())
        header = open_header(data, settings.max_pixels)
        style = style_network.style_picture(decode(header))
    except OSError as error:
        detail = f"--style {arguments['style']}: {error.strerror}"
        raise Problem(400, "picture-missing", detail) from None
    except Problem as problem:
        problem.detail = f"--style {arguments['style']}: {problem.detail}"
        raise

    def paint(header: Header, headers: dict[str, str], hints: Any) -> Result:
        # Hints are of color.
        headers = {**headers, "style": "transfer"}
        return painting.paint(header, style, arguments, settings, predictor, headers)

    return paint
