"""From photo to color photo: the service end to end, the network alone, and the article's way.

All three take turns, photo by photo and round by round, so that whatever else the machine does
hits them alike; only one of them runs at a time. Each turn starts with an untimed call: after the
others' work a first call finds caches and cores cold, and a network of 25 ms would take 25 or 45
by its place in the round.
"""

import base64
import json
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import article_client
from bench.counting_proxy import CountingProxy
from bench.network_alone import NetworkAlone, network_alone
from bench.photos import Photo, make_photo
from bench.report import CannotMeasure, Goal, PartResult, Table, ms, p50, p95
from bench.service import color, running
from local.ports import free_port
from local.running.color_service import MODEL_NAME, ColorService

WARM_UP_ROUNDS = 2
# The client's stages that are not its own work (`upstream`) or that any way would have to do.
NOT_OWN_WORK = ("decode", "encode", "upstream", "total")


@dataclass
class Samples:
    """What was measured for one photo; times in seconds, one for each round."""

    photo: Photo
    end_to_end: list[float] = field(default_factory=list)
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


def measure(
    model: Path, photo_names: Sequence[str], repeats: int, tell: Callable[[str], None]
) -> PartResult:
    """Measure the photos of these names (see bench.photos) `repeats` times.

    Raises CannotMeasure if a program of ours does not start or does not answer.
    """
    service = ColorService(model, port=free_port(), model_port=free_port())
    with ExitStack() as stack:
        network = stack.enter_context(network_alone(model))
        tell("making the photos, starting the servers")
        every = [Samples(make_photo(name)) for name in photo_names]
        # The model server would try a broken model again and again; this one says so at once.
        network.wait_until_ready()
        stack.enter_context(running(*service.programs))
        tell("counting bytes")
        _count_bytes(service, every)
        for number in range(-WARM_UP_ROUNDS, repeats):
            tell(f"round {number + 1} of {repeats}" if number >= 0 else "warming up")
            for samples in every:
                _measure_once(service, network, samples, keep=number >= 0)
    return _result(every)


def _predict_urls(service: ColorService) -> tuple[str, str]:
    model_path = f"/v1/models/{MODEL_NAME}:predict"
    return (
        f"http://127.0.0.1:{service.port}/predict",
        f"http://127.0.0.1:{service.model_port}{model_path}",
    )


def _count_bytes(service: ColorService, every: list[Samples]) -> None:
    """Send each photo once through a second client, whose model server is the counting proxy."""
    with CountingProxy(service.model_port) as proxy:
        counted = ColorService(service.model, port=free_port(), model_port=proxy.port)
        client_url, model_url = _predict_urls(counted)
        with running(counted.programs[1]):
            for samples in every:
                proxy.forget()
                color(client_url, samples.photo.jpeg)
                samples.wire_bytes = len(proxy.sent), len(proxy.received)
                samples.l_png = _l_png(bytes(proxy.sent))
                proxy.forget()
                article_client.color(model_url, samples.photo.jpeg)
                samples.article_wire_bytes = len(proxy.sent), len(proxy.received)


def _l_png(request: bytes) -> bytes:
    """The picture of L* in a predict request as it went over the wire."""
    try:
        row = json.loads(request.partition(b"\r\n\r\n")[2])["instances"][0]
        return base64.b64decode(row["l_bytes"]["b64"])
    except (ValueError, KeyError, IndexError, TypeError):
        raise CannotMeasure("the client did not ask for the signature `packed`") from None


def _measure_once(
    service: ColorService, network: NetworkAlone, samples: Samples, keep: bool
) -> None:
    client_url, model_url = _predict_urls(service)
    photo = samples.photo
    color(client_url, photo.jpeg)
    colored = color(client_url, photo.jpeg)
    network.packed(samples.l_png)
    network_seconds = network.packed(samples.l_png).calls[0]
    article_client.color(model_url, photo.jpeg)
    article_seconds = _seconds(lambda: article_client.color(model_url, photo.jpeg))
    photo.level_1_png()
    png_seconds = _seconds(photo.level_1_png)
    if not keep:
        return
    samples.model = colored.model
    samples.end_to_end.append(colored.seconds)
    samples.network.append(network_seconds)
    samples.article.append(article_seconds)
    samples.level_1_png.append(png_seconds)
    for name, seconds in colored.stages.items():
        samples.stages.setdefault(name, []).append(seconds)
    outside = sum(colored.stages.get(name, 0.0) for name in NOT_OWN_WORK[:-1])
    samples.own_work.append(colored.stages["total"] - outside)


def _seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _result(every: list[Samples]) -> PartResult:
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
        ours, network = p50(small.end_to_end), p50(small.network)
        article, total = p50(small.article), sum(small.wire_bytes)
        goals += [
            Goal(
                "400×400: end to end at most 1.5 × the network alone",
                f"{ms(ours)} ms to {ms(network)} ms, {ours / network:.2f} ×",
                ours <= 1.5 * network,
            ),
            Goal(
                "400×400: at least 10 × faster than the article's way",
                f"{ms(ours)} ms to {ms(article)} ms, {article / ours:.1f} ×",
                article >= 10 * ours,
            ),
            Goal(
                "400×400: under 120 kB between client and model server",
                f"{total / 1e3:.1f} kB",
                total < 120_000,
            ),
        ]
    if large := by_name.get("12mp"):
        own, png = p50(large.own_work), p50(large.level_1_png)
        goals.append(
            Goal(
                "12 megapixels: the client's own work, decoding and PNG encoding apart, takes no "
                "longer than a level-1 PNG encoding of the photo",
                f"{ms(own)} ms to {ms(png)} ms",
                own <= png,
            )
        )
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
