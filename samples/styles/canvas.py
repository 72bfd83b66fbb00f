"""What the pictures are drawn with: color and noise by NumPy, brush and blade by Pillow."""

import math

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Floats = NDArray[np.float64]
Color = tuple[int, int, int]

# Everything is drawn at twice the size that is written: lines come out smooth.
SIZE, DRAWN = 512, 1024
# The place of each pixel, 0…1.
Y, X = np.mgrid[0:DRAWN, 0:DRAWN] / DRAWN


def noise(rng: Generator, across: int, down: int | None = None, octaves: int = 4) -> Floats:
    """Soft random hills [DRAWN,DRAWN], about 0…1, the largest `across` x `down` to the picture."""
    total, weight = np.zeros((DRAWN, DRAWN)), 0.0
    for octave in range(octaves):
        cells = ((down or across) << octave) + 1, (across << octave) + 1
        hills = Image.fromarray(rng.random(cells).astype(np.float32))
        total += 0.5**octave * np.asarray(hills.resize((DRAWN, DRAWN), Image.Resampling.BICUBIC))
        weight += 0.5**octave
    return total / weight


def ramp(values: Floats, stops: list[tuple[float, Color]]) -> Floats:
    """Colors [...,3] of `values`, straight lines between the stops."""
    places, colors = zip(*stops, strict=True)
    return np.stack(
        [np.interp(values, places, channel) for channel in zip(*colors, strict=True)], -1
    )


def picture(pixels: Floats) -> Image.Image:
    """An RGB picture of colors 0…255."""
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def varied(rng: Generator, color: Floats, amount: float) -> Color:
    """A color near that one: lighter or darker, and a little of another hue."""
    shifted = color + rng.normal(0, amount) + rng.normal(0, amount / 2, 3)
    red, green, blue = np.clip(shifted, 0, 255).astype(int)
    return int(red), int(green), int(blue)


def paint(
    rng: Generator,
    canvas: Image.Image,
    colors: Floats,
    angles: Floats,
    count: int,
    length: int,
    width: int,
) -> None:
    """Brush strokes all over `canvas` that follow `angles`, each in the color where it begins, with
    a lighter and a darker bristle.
    """
    brush = ImageDraw.Draw(canvas)
    for start in rng.random((count, 2)) * DRAWN:
        points, (x, y) = [], start
        for _ in range(length):
            points.append((x, y))
            row, column = (min(DRAWN - 1, max(0, int(place))) for place in (y, x))
            x += 7 * math.cos(angles[row, column])
            y += 7 * math.sin(angles[row, column])
        color = varied(rng, colors[int(start[1]), int(start[0])], 13)
        brush.line(points, color, width, joint="curve")
        for shift, change in ((-width / 3, 26), (width / 3, -26)):
            bristle = varied(rng, np.array(color) + change, 6)
            brush.line([(px, py + shift) for px, py in points], bristle, max(1, width // 4))


def smooth(points: list[tuple[float, float]], steps: int = 14) -> Floats:
    """A curve through the points [n,2]: Catmull and Rom's spline."""
    p = np.array([points[0], *points, points[-1]], float)
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = [
        0.5
        * (
            2 * b
            + (c - a) * t
            + (2 * a - 5 * b + 4 * c - d) * t**2
            + (3 * b - a - 3 * c + d) * t**3
        )
        for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False)
    ]
    return np.concatenate([*pieces, p[-1:]])
