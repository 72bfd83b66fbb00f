"""Coloring a photo: the service end to end, the same work in one process, the network alone, the
article's way.

They take turns, photo by photo and round by round, so that other work on the machine affects them
alike; only one of them runs at a time. Each turn starts with an untimed call: the first call after
another's work finds caches and cores cold, so a network of 25 ms would take 25 or 45 ms, depending
on its place in the round.
"""

import base64
import json
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bench import article_client
from bench.client_report import Samples, result
from bench.counting_proxy import CountingProxy
from bench.network_alone import NetworkAlone, network_alone
from bench.photos import make_photo
from bench.report import CannotMeasure, PartResult
from bench.service import color, keep_alive_connection, running
from local.ports import free_port
from local.running.color_service import MODEL_NAME, ColorService

WARM_UP_ROUNDS = 2
# The hints of somebody who corrects a photo that was colored before.
_HINT_POSITIONS = ((0.2, 0.3), (0.5, 0.7), (0.8, 0.4))
HINTS = urlencode(
    {"hints": json.dumps([{"x": x, "y": y, "color": "#2c5aa0"} for x, y in _HINT_POSITIONS])}
)
# The client's stages that are not its own work (`upstream`), or that every way needs.
NOT_OWN_WORK = ("decode", "encode", "upstream", "total")


def measure(
    model: Path, photo_names: Sequence[str], repeats: int, log: Callable[[str], None]
) -> PartResult:
    """Measure the photos of these names (see bench.photos) `repeats` times.

    Raises CannotMeasure if a program of ours does not start or does not answer.
    """
    service = ColorService(model, port=free_port(), model_port=free_port())
    with ExitStack() as stack:
        network = stack.enter_context(network_alone(model))
        log("making the photos, starting the servers")
        every = [Samples(make_photo(name)) for name in photo_names]
        # The model server retries a broken model forever; the network alone fails at once.
        network.wait_until_ready()
        stack.enter_context(running(*service.programs))
        log("counting bytes")
        _count_bytes(service, every)
        for number in range(-WARM_UP_ROUNDS, repeats):
            log(f"round {number + 1} of {repeats}" if number >= 0 else "warming up")
            for samples in every:
                _measure_once(service, network, samples, keep=number >= 0)
    return result(every)


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
                proxy.reset()
                color(client_url, samples.photo.jpeg)
                samples.wire_bytes = len(proxy.sent), len(proxy.received)
                samples.l_png = _l_png(bytes(proxy.sent))
                proxy.reset()
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
    color(f"{client_url}?{HINTS}", photo.jpeg)
    hinted = color(f"{client_url}?{HINTS}", photo.jpeg)
    with keep_alive_connection(client_url) as connection:
        color(client_url, photo.jpeg, over=connection)
        kept_seconds = color(client_url, photo.jpeg, over=connection).seconds
    color(client_url, photo.jpeg, accept="image/jpeg")
    jpeg_seconds = color(client_url, photo.jpeg, accept="image/jpeg").seconds
    in_process_seconds = network.photo(photo.jpeg, untimed=1).calls[0]
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
    samples.hinted.append(hinted.seconds)
    samples.kept.append(kept_seconds)
    samples.as_jpeg.append(jpeg_seconds)
    samples.in_process.append(in_process_seconds)
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
