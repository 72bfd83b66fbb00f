"""The option `hints`: colors for single places, as JSON."""

import re
from typing import Any

import numpy as np
import orjson

from pictures import lab
from pictures.hints import Hint
from web.options import Option

MOST_HINTS = 64
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_QUOTED = 64


def read_hints(text: str) -> tuple[Hint, ...]:
    """Hints from their JSON. Raises ValueError that says which of them is wrong, and how."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"must be JSON: {error}") from None
    if not isinstance(found, list):
        raise ValueError('must be a JSON list: [{"x": 0.5, "y": 0.5, "color": "#rrggbb"}]')
    if len(found) > MOST_HINTS:
        raise ValueError(f"must be at most {MOST_HINTS} hints, not {len(found)}")
    return tuple(_hint(number, each) for number, each in enumerate(found, 1))


def _hint(number: int, given: Any) -> Hint:
    def wrong(what: str) -> ValueError:
        return ValueError(f"has a wrong hint, number {number}: {what}")

    if not isinstance(given, dict):
        raise wrong('it must be such as {"x": 0.5, "y": 0.5, "color": "#rrggbb"}')
    unknown = sorted(given.keys() - {"x", "y", "color", "keep"})
    if unknown:
        raise wrong(f"it has no {unknown[0][:_QUOTED]!r}, only x, y, and color or keep")

    def share(name: str) -> float:
        value = given.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise wrong(f"{name} must be a number from 0 to 1, a share of the picture")
        return float(value)

    x, y = share("x"), share("y")
    keep, color = given.get("keep", False), given.get("color")
    if not isinstance(keep, bool) or keep == (color is not None):
        raise wrong('it must have either a color or "keep": true')
    if keep:
        return Hint(x, y, None)
    if not isinstance(color, str) or not _COLOR.fullmatch(color):
        raise wrong('color must be such as "#1e4b9c"')
    pixel = np.frombuffer(bytes.fromhex(color[1:]), np.uint8).reshape(1, 1, 3)
    a, b = map(float, lab.color(pixel)[0, 0])
    return Hint(x, y, (a, b))


HINTS = Option(
    "hints",
    None,
    read_hints,
    f"Colors for single places: a JSON list of at most {MOST_HINTS} hints such as "
    '{"x": 0.25, "y": 0.6, "color": "#1e4b9c"}. x and y, 0 to 1, are shares of the width and '
    "height of the picture as displayed. Hue and chroma of the color are used; the luminance "
    "stays the photo's. \"keep\": true instead of a color keeps the network's color there.",
)
