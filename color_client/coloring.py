"""Coloring a photo: one code for POST /predict and for the command line."""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from PIL import Image

from photo_client.batch import Make
from photo_client.photo import decode
from photo_client.result import Result
from pictures import hints, merge, toning
from pictures.decode import Photo, preview
from pictures.header import Header
from predict_url.predictor import Predictor
from web.deadline import Deadline
from web.stages import stage

from . import color_network
from .color_network import Color
from .settings import Settings

# The long side, in pixels, that hints are spread at: their edges are as sharp as that.
_HINTED_SIDE = 512
_threads = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="decode")

Ask = Callable[[Image.Image], Color]


def network(settings: Settings, predictor: Predictor, headers: Mapping[str, str]) -> Ask:
    """A function that gets the color of a picture (mode L or RGB) from the network behind the
    predict URL. `headers` are sent to it. Raises Problem 502, 503 or 504 for its failures.
    """

    def ask(image: Image.Image) -> Color:
        with stage("lab"):
            lightness = color_network.small_lightness(image, settings.working_size)
        deadline = Deadline(settings.timeout_s)
        return color_network.ask(predictor, lightness, deadline, dict(headers))

    return ask


def color(header: Header, options: Mapping[str, Any], ask: Ask, working_size: int) -> Result:
    """The picture that `open_header` opened, in color, with these options; `ask` wants
    `working_size` pixels on the long side. Raises Problem 400 if the picture is broken, and what
    `ask` raises.
    """
    # One and a half times as many: what is scaled down from less is less sharp. With hints, `ask`
    # may know the color already.
    small = None if options["hints"] else preview(header, working_size * 3 // 2)
    if small is None:
        with stage("decode"):
            photo = decode(header)
        found = ask(photo.image)
    else:
        photo, found = _ask_while_decoding(header, small, ask)
    with stage("lab"):
        had_color = toning.has_color(photo.image)
    ab, vividness = found.ab, options["vividness"]
    if options["hints"]:
        with stage("hints"):
            lightness = color_network.small_lightness(photo.image, _HINTED_SIDE)
            ab = hints.spread(ab, lightness, options["hints"], vividness)
    else:
        ab = ab * np.float32(vividness)
    with stage("merge"):
        pixels = merge.colorize(photo.image, ab)
    return Result(pixels, photo, found.model, had_color)


def _ask_while_decoding(header: Header, small: Header, ask: Ask) -> tuple[Photo, Color]:
    """Let another core decode a large picture, while the network sees the small one."""
    whole = _threads.submit(decode, header)
    try:
        with stage("decode"):
            image = decode(small).image
        found = ask(image)
    finally:
        # If the picture is broken, its caller is told that, whatever else went wrong.
        with stage("decode"):
            photo = whole.result()
    return photo, found


def maker(options: Mapping[str, Any], settings: Settings, predictor: Predictor) -> Make:
    """A function that colors photos on the command line, with these options."""
    return lambda header, headers, hints: color(
        header,
        {**options, "hints": hints},
        network(settings, predictor, headers),
        settings.working_size,
    )
