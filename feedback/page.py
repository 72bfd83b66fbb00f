"""The report as a page: one file, with nothing from elsewhere and no script."""

import base64
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape

from .report import Pair, Report

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.verdict { font-size: 1.15rem; }
table { border-collapse: collapse; }
th, td { padding: .2rem 1.2rem .2rem 0; text-align: left; font-variant-numeric: tabular-nums; }
svg { width: 100%; height: auto; }
svg text { fill: currentColor; font-size: 12px; }
@media (max-width: 40rem) { svg text { font-size: 20px; } }
.axis { stroke: currentColor; opacity: .25; } .even { stroke: currentColor; stroke-dasharray: 4 4; }
.bounds { fill: #3b82f6; opacity: .25; } .rate { fill: none; stroke: #3b82f6; stroke-width: 2; }
"""
# The page's own style sheet is allowed by its hash, and nothing else is.
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
Rows = Sequence[tuple[str, ...]]
_WIDTH, _HEIGHT = 720, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 8, 12, 30


def as_html(report: Report) -> str:
    """The report as an HTML document."""
    parts = [_pair(pair) for pair in report.pairs] or [f"<p>{escape(report.verdict)}</p>\n"]
    if report.strengths:
        strong = [(each.model, f"{each.strength:.2f}") for each in report.strengths]
        parts.append(_section("Strengths", ("model", "Bradley–Terry, 1 is the average"), strong))
    if report.agreement:
        about = f"{report.agreement.share:.0%} on {report.agreement.photos} photos"
        parts.append(_section("Agreement", ("two choices on one photo are the same",), [(about,)]))
    if report.ratings:
        thumbs = [(each.model, str(each.up), str(each.down)) for each in report.ratings]
        parts.append(_section("Thumbs", ("model", "up", "down"), thumbs))
    if report.downloads:
        counts = [(each.model, str(each.count)) for each in report.downloads]
        parts.append(_section("Downloads", ("model", "pictures"), counts))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Which model is liked better</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>Which model is liked better</h1>\n{''.join(parts)}" + "</body>\n</html>\n"
    )


def _pair(pair: Pair) -> str:
    one, other = map(escape, pair.models)
    rows = [
        (pair.models[0], str(pair.wins[0])),
        (pair.models[1], str(pair.wins[1])),
        ("both good", str(pair.both)),
        ("neither", str(pair.neither)),
    ]
    curve = _curve(pair) if pair.curve else ""
    return (
        f'<h2>{one} and {other}</h2>\n<p class="verdict">{escape(pair.verdict)}</p>\n'
        f"{curve}{_table(('chosen', 'times'), rows)}"
    )


def _section(title: str, head: tuple[str, ...], rows: Rows) -> str:
    return f"<h2>{title}</h2>\n{_table(head, rows)}"


def _table(head: tuple[str, ...], rows: Rows) -> str:
    top = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    lines = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>\n" for row in rows
    )
    return f"<table>\n<tr>{top}</tr>\n{lines}</table>\n"


def _curve(pair: Pair) -> str:
    """The win rate of the first model with its bounds, over the choices, as SVG."""
    most = pair.curve[-1].choices

    def x(choices: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * choices / most

    def y(rate: float) -> float:
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - rate)

    def points(values: list[tuple[int, float]]) -> str:
        return " ".join(f"{x(choices):.1f},{y(rate):.1f}" for choices, rate in values)

    upper = [(point.choices, point.interval[1]) for point in pair.curve]
    lower = [(point.choices, point.interval[0]) for point in reversed(pair.curve)]
    rates = [(point.choices, point.win_rate) for point in pair.curve]
    grid = "".join(
        f'<line class="{"even" if percent == 50 else "axis"}" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" '
        f'y1="{y(percent / 100):.1f}" y2="{y(percent / 100):.1f}"/>'
        f'<text x="{_LEFT - 6}" y="{y(percent / 100) + 4:.1f}" text-anchor="end">{percent}%</text>'
        for percent in (0, 25, 50, 75, 100)
    )
    name = escape(pair.models[0], quote=True)
    days = {f"{datetime.fromtimestamp(pair.curve[at].at, UTC):%Y-%m-%d}" for at in (0, -1)}
    when = " to ".join(sorted(days))
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="How often {name} won, with '
        f'its 95 % bounds, after each choice">\n{grid}\n'
        f'<polygon class="bounds" points="{points(upper + lower)}"/>\n'
        f'<polyline class="rate" points="{points(rates)}"/>\n'
        f'<text x="{_LEFT}" y="{_HEIGHT - 8}">how often {name} won, {when}</text>\n'
        f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 8}" text-anchor="end">{most} choices</text>\n'
        "</svg>\n"
    )
