"""Values of a predict request and of its reply: pictures as base64 PNGs, arrays as JSON numbers."""

import base64
import binascii
import io
from typing import Any

import numpy as np
from PIL import Image

from pictures.lab import Bytes, Floats

from .predictor import invalid_prediction


def bytes_value(data: bytes) -> dict[str, str]:
    """A file as the JSON value of a string input: base64."""
    return {"b64": base64.b64encode(data).decode("ascii")}


def png_pixels(
    prediction: Any, name: str, mode: str, min_size: tuple[int, int], max_size: tuple[int, int]
) -> Bytes:
    """The pixels of the PNG that output `name` of a prediction holds.

    `mode` is Pillow's; `min_size` and `max_size` bound its (width, height). Raises Problem
    (502) on anything else.
    """
    try:
        data = base64.b64decode(prediction[name]["b64"], validate=True)
    except (TypeError, KeyError, IndexError, binascii.Error, ValueError):
        raise invalid_prediction(f"no base64 picture in `{name}`") from None
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            fits = all(
                low <= side <= high
                for low, side, high in zip(min_size, image.size, max_size, strict=True)
            )  # fmt: skip
            if image.mode != mode or not fits:
                raise invalid_prediction(
                    f"`{name}` is {image.mode} of {image.size}, not {mode} of {min_size} to "
                    f"{max_size}"
                )
            return np.asarray(image)
    except (OSError, SyntaxError, ValueError):
        raise invalid_prediction(f"`{name}` is not a whole PNG") from None


def numbers(prediction: Any) -> Floats:
    """The array that a prediction of one output holds. Raises Problem (502) where it is none, or
    holds what is not finite.
    """
    try:
        with np.errstate(over="ignore"):
            values = np.asarray(prediction, np.float32)
    except (TypeError, ValueError):
        raise invalid_prediction("not an array of numbers") from None
    if not np.isfinite(values).all():
        raise invalid_prediction("numbers that are not finite")
    return values


def model_name(prediction: Any) -> str | None:
    """The output `model` of a prediction, where it is a name that can stand in a header."""
    name = prediction.get("model")
    if isinstance(name, str) and 0 < len(name) <= 64 and name.isascii() and name.isprintable():
        return name
    return None
