"""A predict URL with both models behind it, told apart by the header as a gateway does.

A real HTTP server: without `style: transfer` it colors by the rule of tests/color_model.py, with it
it paints by the rule of tests/style_model.py.
"""

import base64

import numpy as np

from tests.color_client.pictures import opened
from tests.color_client.predictors import NO_PACKED, Predictor, base64_png


def rule(content, style, strength=1.0):
    """Content [H,W,3] with its channel means moved to those of the style; all 0…1."""
    shift = style.mean(axis=(0, 1)) - content.mean(axis=(0, 1))
    return np.clip(content + strength * shift, 0, 1)


def sent_picture(value: dict) -> np.ndarray:
    """The picture of a `_bytes` input, 0…1."""
    image = opened(base64.b64decode(value["b64"]))
    assert (image.format, image.mode) == ("PNG", "RGB")
    return np.asarray(image) / 255


def packed_prediction(row: dict) -> dict:
    assert set(row) == {"content_bytes", "style_bytes", "strength"}
    painted = rule(
        sent_picture(row["content_bytes"]), sent_picture(row["style_bytes"]), row["strength"]
    )
    pixels = np.rint(painted * 255).astype(np.uint8)
    return {"stylized_bytes": {"b64": base64_png(pixels)}, "model": "style/rule"}


def plain_prediction(row: dict) -> list:
    assert set(row) == {"placeholder", "placeholder_1"}
    painted = rule(np.array(row["placeholder"]), np.array(row["placeholder_1"]))
    more = [(0, -side % 4) for side in painted.shape[:2]]
    return np.pad(painted, [*more, (0, 0)], constant_values=1.0).tolist()


def both(handler, request, packed: bool = True) -> None:
    """A behavior: a gateway that sends `style: transfer` to a style model, the rest to color."""
    if handler.headers.get("style") != "transfer":
        return handler.predict(request)
    (row,) = request["instances"]
    if request.get("signature_name", "serving_default") == "serving_default":
        return handler.say(200, {"predictions": [plain_prediction(row)]})
    if not packed:
        return handler.say(400, {"error": NO_PACKED})
    return handler.say(200, {"predictions": [packed_prediction(row)]})


def plain_style(handler, request) -> None:
    """A behavior: the style model has only serving_default, the color model both signatures."""
    both(handler, request, packed=False)


class BothPredictor(Predictor):
    """A predict URL on loopback for both routes."""

    def __init__(self):
        super().__init__()
        self.behavior = both
