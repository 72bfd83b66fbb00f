"""A small line plot, drawn with Pillow: one plot is not worth a plotting library."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIZE = (800, 560)
LEFT, TOP, RIGHT, BOTTOM = 80, 30, 30, 60  # margins, pixels
COLORS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b")


@dataclasses.dataclass(frozen=True)
class Curve:
    """Points in order, and a word beside each; one point alone is a dot."""

    name: str
    points: Sequence[tuple[float, float]]
    labels: Sequence[str]


def draw(
    curves: Sequence[Curve], x_title: str, y_title: str, mark: tuple[float, str]
) -> Image.Image:
    """The curves in one frame with ticks and a legend; `mark` is a vertical line and its name."""
    picture = Image.new("RGB", SIZE, "white")
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(13)
    xs = [x for curve in curves for x, _ in curve.points] + [mark[0]]
    ys = [y for curve in curves for _, y in curve.points]
    x_ticks, y_ticks = _ticks(min(xs), max(xs)), _ticks(min(ys), max(ys))
    right, bottom = SIZE[0] - RIGHT, SIZE[1] - BOTTOM

    def place(x: float, y: float) -> tuple[float, float]:
        across = (x - x_ticks[0]) / (x_ticks[-1] - x_ticks[0])
        up = (y - y_ticks[0]) / (y_ticks[-1] - y_ticks[0])
        return LEFT + across * (right - LEFT), bottom - up * (bottom - TOP)

    for x in x_ticks:
        at, _ = place(x, y_ticks[0])
        pen.line([(at, TOP), (at, bottom)], "#e4e4e4")
        pen.text((at, bottom + 6), f"{x:g}", "black", font, anchor="ma")
    for y in y_ticks:
        _, at = place(x_ticks[0], y)
        pen.line([(LEFT, at), (right, at)], "#e4e4e4")
        pen.text((LEFT - 6, at), f"{y:g}", "black", font, anchor="rm")
    pen.rectangle([LEFT, TOP, right, bottom], outline="black")
    pen.text(((LEFT + right) / 2, SIZE[1] - 12), x_title, "black", font, anchor="ms")
    pen.text((LEFT, TOP - 8), y_title, "black", font, anchor="ls")
    at, _ = place(mark[0], y_ticks[0])
    pen.line([(at, TOP), (at, bottom)], "black", 2)
    pen.text((at - 5, bottom - 6), mark[1], "black", font, anchor="rs")

    for index, curve in enumerate(curves):
        color = COLORS[index % len(COLORS)]
        points = [place(x, y) for x, y in curve.points]
        pen.line(points, color, 2)
        for (x, y), label in zip(points, curve.labels, strict=True):
            pen.ellipse([x - 4, y - 4, x + 4, y + 4], color)
            pen.text((x + 6, y - 4), label, color, font, anchor="ls")
        y = TOP + 10 + 18 * index
        pen.line([(LEFT + 10, y), (LEFT + 34, y)], color, 2)
        pen.text((LEFT + 40, y), curve.name, color, font, anchor="lm")
    return picture


def _ticks(low: float, high: float, about: int = 7) -> list[float]:
    """Round numbers that cover `low`...`high`."""
    step = (high - low) / about or 1.0
    power = 10.0 ** np.floor(np.log10(step))
    step = power * min(factor for factor in (1, 2, 5, 10) if factor * power >= step * 0.999)
    return [
        float(i * step) for i in range(int(np.floor(low / step)), int(np.ceil(high / step)) + 1)
    ]
