"""The article's way to color a photo, for comparison.

Its client sends all of L* as a list of floats in JSON to `serving_default`, reads the floats of the
reply, and converts in float64. Its network takes pictures of 400×400: a larger photo is scaled down
to that, and the result has that size, too.
"""

import io
import json

import numpy as np
import requests
from numpy.typing import NDArray
from PIL import Image

SIDE = 400
_XYZ_FROM_RGB = np.array(
    [
        [0.412453, 0.357580, 0.180423],
        [0.212671, 0.715160, 0.072169],
        [0.019334, 0.119193, 0.950227],
    ]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])


def color(predict_url: str, photo: bytes) -> bytes:
    """The photo in color, a PNG of at most 400×400. Raises requests.HTTPError."""
    image = Image.open(io.BytesIO(photo)).convert("RGB")
    if max(image.size) > SIDE:
        image = image.resize((SIDE, SIDE))
    lab = lab_from_rgb(np.asarray(image) / 255.0)
    lightness = lab[..., :1]
    body = json.dumps({"instances": [{"input_1": lightness.tolist()}]})
    with requests.Session() as session:
        session.trust_env = False  # no web proxy for requests to this machine
        reply = session.post(predict_url, data=body, timeout=60)
    reply.raise_for_status()
    ab = np.array(json.loads(reply.text)["predictions"])[0] * 128.0
    rgb = rgb_from_lab(np.concatenate([lightness, ab], axis=-1))
    out = io.BytesIO()
    Image.fromarray((np.clip(rgb, 0.0, 1.0) * 255.0).round().astype(np.uint8)).save(out, "PNG")
    return out.getvalue()


def lab_from_rgb(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIE L*a*b* (D65) of sRGB in 0…1, both [H,W,3] float64."""
    linear = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    xyz = linear @ _XYZ_FROM_RGB.T / _WHITE
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16.0 / 116.0)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], axis=-1)


def rgb_from_lab(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    """sRGB, 0…1 where it can be shown, of CIE L*a*b* (D65), both [H,W,3] float64."""
    lightness, a, b = np.moveaxis(lab, -1, 0)
    y = (lightness + 16.0) / 116.0
    f = np.stack([a / 500.0 + y, y, y - b / 200.0], axis=-1)
    xyz = np.where(f > 0.2068966, f**3, (f - 16.0 / 116.0) / 7.787) * _WHITE
    linear = np.maximum(xyz @ np.linalg.inv(_XYZ_FROM_RGB).T, 0.0)
    return np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)
