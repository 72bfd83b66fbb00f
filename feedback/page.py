"""The report as a page: one file, without external resources or scripts."""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from .report import Pair, Point, Report

_TEMPLATES = Path(__file__).with_name("templates")
_STYLE = (_TEMPLATES / "report.css").read_text()
# The page's own style sheet is allowed by its hash, and nothing else is.
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


@dataclass(frozen=True)
class Curve:
    """The win rate of a pair over its choices, in SVG coordinates: `grid` is (percent, y) of each
    line, `bounds` and `rates` are points.
    """

    bounds: str
    rates: str
    grid: list[tuple[int, float]]
    days: str
    width: int = 720
    height: int = 260
    left: int = 64
    right: int = 712
    top: int = 12
    bottom: int = 230


def curve_of(pair: Pair) -> Curve:
    """The curve of a pair that has one."""

    def points(values: Iterable[tuple[Point, float]]) -> str:
        return " ".join(f"{x(point):.1f},{y(rate):.1f}" for point, rate in values)

    def x(point: Point) -> float:
        return Curve.left + (Curve.right - Curve.left) * point.choices / pair.choices

    def y(rate: float) -> float:
        return Curve.bottom - (Curve.bottom - Curve.top) * rate

    upper = [(point, point.interval[1]) for point in pair.curve]
    lower = [(point, point.interval[0]) for point in reversed(pair.curve)]
    days = {f"{datetime.fromtimestamp(pair.curve[end].at, UTC):%Y-%m-%d}" for end in (0, -1)}
    return Curve(
        bounds=points(upper + lower),
        rates=points((point, point.win_rate) for point in pair.curve),
        grid=[(percent, y(percent / 100)) for percent in (0, 25, 50, 75, 100)],
        days=" to ".join(sorted(days)),
    )


def as_html(report: Report) -> str:
    """The report as an HTML document."""
    environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True)
    environment.filters["astuple"] = astuple
    template = environment.get_template("report.html")
    return template.render(report=report, style=Markup(_STYLE), curve_of=curve_of) + "\n"
