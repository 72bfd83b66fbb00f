"""Whether a photo has color already. Sepia, a tinted scan and a gray JPEG's noise do not count."""

import numpy as np
from PIL import Image

from . import lab
from .lab import Floats

# Every so many-th pixel first, which costs nothing at 12 megapixels, then means of these: grain,
# dust and the colors that JPEG adds are averaged away.
_STEPS = ((512, Image.Resampling.NEAREST), (40, Image.Resampling.BOX))
_LIGHTNESS_BAND = 10.0
# How far from its tone, in CIE a*b*, a place has color of its own; and which share of the places
# makes a color photo. tests/pictures/test_toning.py has what lies on either side.
_MIN_DISTANCE = 7.0
_MIN_SHARE = 0.01


def has_color(image: Image.Image) -> bool:
    """Whether a picture (mode L or RGB, sRGB) shows colors of its own.

    A toned picture has one color for each lightness, faded here and there, on paper that may be
    white. So a place counts that is far from every color between gray and the tone of the places
    as light as it, or of the whole picture.
    """
    if image.mode == "L":
        return False
    for long_side, resampling in _STEPS:
        scale = min(1.0, long_side / max(image.size))
        width, height = (max(1, round(side * scale)) for side in image.size)
        image = image.resize((width, height), resampling)
    pixels = np.asarray(image).reshape(1, -1, 3)
    ab = lab.color(pixels)[0]
    band = (lab.lightness(pixels)[0] / _LIGHTNESS_BAND).astype(int)
    distance = _distance(ab, _tone(ab))
    for each in np.flatnonzero(np.bincount(band)):
        here = band == each
        distance[here] = np.minimum(distance[here], _distance(ab[here], _tone(ab[here])))
    return float((distance > _MIN_DISTANCE).mean()) > _MIN_SHARE


def _tone(ab: Floats) -> Floats:
    """The median of the stronger colors of [N,2]."""
    # By sorting: of so few values NumPy's quantile and median take ten times as long.
    least = -(-3 * (len(ab) - 1) // 4)
    strong = np.sort(ab[np.argpartition(np.hypot(*ab.T), least)[least:]], axis=0)
    tone: Floats = (strong[(len(strong) - 1) // 2] + strong[len(strong) // 2]) / 2
    return tone


def _distance(ab: Floats, tone: Floats) -> Floats:
    """How far colors [N,2] are from all those between gray and `tone`."""
    along = np.clip(ab @ tone / max(float(tone @ tone), 1e-9), 0.0, 1.0)
    distance: Floats = np.hypot(*(ab - along[:, None] * tone).T)
    return distance
