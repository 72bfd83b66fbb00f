"""The measurements of the color client, as tables, goals and numbers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bench.photos import Photo
from bench.report import Goal, PartResult, Table, ms, p50, p95


@dataclass
class Samples:
    """What was measured for one photo; times in seconds, one for each round."""

    photo: Photo
    end_to_end: list[float] = field(default_factory=list)
    hinted: list[float] = field(default_factory=list)
    kept: list[float] = field(default_factory=list)
    as_jpeg: list[float] = field(default_factory=list)
    in_process: list[float] = field(default_factory=list)
    network: list[float] = field(default_factory=list)
    article: list[float] = field(default_factory=list)
    level_1_png: list[float] = field(default_factory=list)
    own_work: list[float] = field(default_factory=list)
    stages: dict[str, list[float]] = field(default_factory=dict)
    # To the model server and back, for one photo.
    wire_bytes: tuple[int, int] = (0, 0)
    article_wire_bytes: tuple[int, int] = (0, 0)
    l_png: bytes = b""
    model: str = ""


def result(every: list[Samples]) -> PartResult:
    """The part's result; `every` has one for each photo."""
    columns = [
        "",
        *(f"{s.photo.image.width}×{s.photo.image.height}" for s in every),
    ]

    def row(name: str, show: Callable[[Samples], str]) -> list[str]:
        return [name, *(show(samples) for samples in every)]

    def percentiles(name: str, pick: Callable[[Samples], list[float]]) -> list[str]:
        return row(name, lambda s: f"{ms(p50(pick(s)))} / {ms(p95(pick(s)))}")

    def kilobytes(name: str, pick: Callable[[Samples], tuple[int, int]]) -> list[str]:
        return row(name, lambda s: " + ".join(f"{count / 1e3:,.1f}" for count in pick(s)))

    times = Table(
        "Photo to color photo (ms, p50 / p95)",
        columns,
        [
            percentiles("**end to end**, POST /predict", lambda s: s.end_to_end),
            percentiles("the same, asked for as JPEG", lambda s: s.as_jpeg),
            percentiles("the same on a connection that is kept", lambda s: s.kept),
            percentiles("the same work in one process, no HTTP, no JSON", lambda s: s.in_process),
            row("kept : in one process", lambda s: f"{_ratio(s.kept, s.in_process):.2f} ×"),
            percentiles("three hints to a photo that was colored before", lambda s: s.hinted),
            row("hints : end to end", lambda s: f"{_ratio(s.hinted, s.end_to_end):.2f} ×"),
            percentiles("network alone, `packed` in process", lambda s: s.network),
            row("end to end : network", lambda s: f"{_ratio(s.end_to_end, s.network):.2f} ×"),
            percentiles("the article's way, at most 400×400", lambda s: s.article),
            row("article's way : end to end", lambda s: f"{_ratio(s.article, s.end_to_end):.1f} ×"),
            percentiles("client's own work (no decode, no PNG)", lambda s: s.own_work),
            percentiles("level-1 PNG encoding of the photo", lambda s: s.level_1_png),
            kilobytes("kB to the model server + back", lambda s: s.wire_bytes),
            kilobytes("the same, the article's way", lambda s: s.article_wire_bytes),
        ],
    )  # fmt: skip
    names = list(dict.fromkeys(name for samples in every for name in samples.stages))
    stages = Table(
        "Stages of the color client (ms, p50 / p95; its Server-Timing)",
        columns,
        [
            row(
                name,
                lambda s, name=name: (  # type: ignore[misc]
                    f"{ms(p50(s.stages[name]))} / {ms(p95(s.stages[name]))}"
                    if name in s.stages
                    else "–"
                ),
            )
            for name in names
        ],
    )
    notes = [
        f"Model {every[0].model}, {len(every[0].end_to_end)} rounds. The article's way is measured "
        "without the upload to a client, which would only add to it."
    ]
    return PartResult([times, stages], notes, _goals(every), _numbers(every))


def _goals(every: list[Samples]) -> list[Goal]:
    by_name = {samples.photo.name: samples for samples in every}
    goals = []
    if small := by_name.get("400x400"):
        ours = p50(small.end_to_end)
        kept, alone = p50(small.kept), p50(small.in_process)
        article, total = p50(small.article), sum(small.wire_bytes)
        goals += [
            Goal(
                "400×400: end to end at most 1.15 × the same work in one process",
                f"{ms(kept)} ms to {ms(alone)} ms, {kept / alone:.2f} ×",
                kept <= 1.15 * alone,
            ),
            Goal(
                "400×400: at least 20 × faster than the article's way",
                f"{ms(ours)} ms to {ms(article)} ms, {article / ours:.1f} ×",
                article >= 20 * ours,
            ),
            Goal(
                "400×400: under 120 kB between client and model server",
                f"{total / 1e3:.1f} kB",
                total < 120_000,
            ),
        ]
    if large := by_name.get("12mp"):
        own, png = p50(large.own_work), p50(large.level_1_png)
        goals += [
            *(
                Goal(
                    f"12 megapixels: as {name} in under {most} ms",
                    f"{ms(p50(taken))} ms",
                    p50(taken) < most / 1e3,
                )
                for name, taken, most in (
                    ("PNG", large.end_to_end, 300),
                    ("JPEG", large.as_jpeg, 200),
                )
            ),
            Goal(
                "12 megapixels: the client's own work, decoding and PNG encoding apart, takes no "
                "longer than a level-1 PNG encoding of the photo",
                f"{ms(own)} ms to {ms(png)} ms",
                own <= png,
            ),
        ]
    return goals


def _ratio(above: list[float], below: list[float]) -> float:
    return p50(above) / p50(below)


def _numbers(every: list[Samples]) -> dict[str, Any]:
    return {
        s.photo.name: {
            "size": list(s.photo.image.size),
            "jpeg_bytes": len(s.photo.jpeg),
            "model": s.model,
            "seconds": {
                "end_to_end": s.end_to_end,
                "hinted": s.hinted,
                "kept": s.kept,
                "as_jpeg": s.as_jpeg,
                "in_process": s.in_process,
                "network": s.network,
                "article": s.article,
                "own_work": s.own_work,
                "level_1_png": s.level_1_png,
                "stages": s.stages,
            },
            "wire_bytes": {"sent": s.wire_bytes[0], "received": s.wire_bytes[1]},
            "article_wire_bytes": {
                "sent": s.article_wire_bytes[0],
                "received": s.article_wire_bytes[1],
            },
        }
        for s in every
    }
