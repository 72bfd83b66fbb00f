"""The report as text, JSON and CSV; feedback.page has it as HTML."""

import csv
import io
from collections.abc import Callable

import orjson

from .page import as_html
from .report import Report


def as_text(report: Report) -> str:
    """For a terminal."""
    lines = [report.verdict]
    for pair in report.pairs:
        won = ", ".join(f"{m} {wins}" for m, wins in zip(pair.models, pair.wins, strict=True))
        lines += ["", f"chosen: {won}; beside, both good {pair.both}, neither {pair.neither}"]
    if report.strengths:
        lines += ["", "strengths (Bradley-Terry; 1 is the average)"]
        lines += [f"  {each.model}  {each.strength:.2f}" for each in report.strengths]
    if report.agreement:
        share, photos = report.agreement.share, report.agreement.photos
        lines += ["", f"agreement on photos chosen more than once: {share:.0%} ({photos} photos)"]
    if report.ratings:
        lines += ["", "thumbs"]
        lines += [f"  {each.model}  {each.up} up, {each.down} down" for each in report.ratings]
    if report.downloads:
        lines += ["", "downloads"]
        lines += [f"  {each.model}  {each.count}" for each in report.downloads]
    return "\n".join(lines) + "\n"


def as_json(report: Report) -> str:
    """For programs: the fields of feedback.report.Report."""
    return orjson.dumps(report, option=orjson.OPT_INDENT_2).decode() + "\n"


def as_csv(report: Report) -> str:
    """For a spreadsheet: one line for each pair."""
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\n")
    table.writerow(
        ["first", "second", "first_wins", "second_wins", "both", "neither", "choices", "win_rate",
         "low", "high", "preferred"]
    )  # fmt: skip
    for pair in report.pairs:
        rate = "" if pair.win_rate is None else f"{pair.win_rate:.4f}"
        low, high = (f"{bound:.4f}" for bound in pair.interval)
        counts = (*pair.wins, pair.both, pair.neither, pair.choices)
        table.writerow([*pair.models, *counts, rate, low, high, pair.preferred or ""])
    return file.getvalue()


# (media type, what writes it) of each format.
FORMATS: dict[str, tuple[str, Callable[[Report], str]]] = {
    "text": ("text/plain", as_text),
    "json": ("application/json", as_json),
    "csv": ("text/csv", as_csv),
    "html": ("text/html", as_html),
}
